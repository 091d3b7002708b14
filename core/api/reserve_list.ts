import {
  checkArray,
  checkBoolean,
  checkOptions,
  checkWaitOptions,
  hasOnly,
  optionNames,
  show,
} from "../base/arguments.ts";
import { BufferObject } from "./buffer_object.ts";
import { TtmError } from "../base/errors.ts";
import type { Fence } from "../lock/fence.ts";
import { WAIT, type WaitOptions } from "../contract/call_options.ts";
import { isHeldUnder } from "../calls/reserve.ts";
import { AcquireTicket } from "../lock/acquire_ticket.ts";

export const RESERVE_LIST_OPTIONS: ReadonlySet<string> = optionNames<WaitOptions & ReserveListOptions>({
  ...WAIT,
  skipDuplicates: true,
});
export const LIST_ENTRY: ReadonlySet<string> = optionNames<ListEntry>({ buffer: true, usage: true });

/** One buffer of a submission. */
export interface ListEntry {
  /** The buffer. */
  readonly buffer: BufferObject;
  /** What the submission does with it. @default {"write"} */
  readonly usage?: "read" | "write";
}

/** Options of {@linkcode reserveList}. */
export interface ReserveListOptions extends WaitOptions {
  /**
   * Whether duplicates of a buffer in the list are skipped, instead of failing with `EALREADY`. The usage of the buffer
   * is `"write"` if any of its entries writes. @default {false}
   */
  readonly skipDuplicates?: boolean;
}

/** Buffers that are reserved together. Disposing of the list unreserves those that are still reserved. */
export class ReservedList implements Disposable {
  /** The buffers in the order of the list, each once, with usage `"write"` if any of its entries writes. */
  readonly entries: readonly ListEntry[];
  /** The acquire ticket that the buffers are reserved under. */
  readonly ticket: AcquireTicket;
  #held = true;

  /** @internal */
  constructor(entries: readonly ListEntry[], ticket: AcquireTicket) {
    this.entries = entries;
    this.ticket = ticket;
  }

  /**
   * Adds the fence of a submission to all buffers, each with its usage, and unreserves them in the order of the list,
   * so that the last one is at the LRU tail (`ttm_eu_fence_buffer_objects`).
   *
   * @throws {TtmError} `EINVAL` if any of the buffers has been unreserved; then no buffer gets the fence.
   */
  fence(fence: Fence): void {
    if (!this.#held) throw new TtmError("EINVAL", "Cannot add a fence to the list: it is no longer reserved");
    for (const { buffer } of this.entries) {
      if (!buffer.disposed && isHeldUnder(buffer, this.ticket)) continue;
      throw new TtmError("EINVAL", `Cannot add a fence to the list: ${buffer} has been unreserved`);
    }
    for (const { buffer, usage = "write" } of this.entries) buffer.addFence(fence, usage);
    this[Symbol.dispose]();
  }

  /** Unreserves all buffers, in the order of the list (`ttm_eu_backoff_reservation`). */
  [Symbol.dispose](): void {
    if (!this.#held) return;
    this.#held = false;
    for (const { buffer } of this.entries) if (isHeldUnder(buffer, this.ticket)) buffer.unreserve();
  }
}

/**
 * Reserves all buffers of a list under one acquire ticket, or none (`ttm_eu_reserve_buffers`). Concurrent calls may
 * list the same buffers in any order: on contention the younger ticket backs off, waits for the contended buffer and
 * then reserves the others again.
 *
 * @throws {TtmError} `EINVAL` if an entry is invalid or its buffer is released; `EALREADY` if a buffer, or another one
 * with the same reservation, is listed twice; `EBUSY` if a buffer is grabbed for CPU writes, or with `noWait` if one is
 * reserved elsewhere. An aborted signal rejects with its reason. On error nothing is reserved, and the eviction order
 * is unchanged.
 *
 * @example A submission
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, FenceContext, reserveList } from "@ttm/core";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using vertices = device.createBuffer({ bytes: 4096 });
 * using target = device.createBuffer({ bytes: 4096 });
 * const list = await reserveList([{ buffer: vertices, usage: "read" }, { buffer: target }]);
 * const work = new FenceContext("graphics").next();
 * list.fence(work);
 * assertEquals([target.busy, target.reserved], [true, false]);
 * work.signal();
 * ```
 */
export async function reserveList(
  entries: readonly ListEntry[],
  options: ReserveListOptions = {},
): Promise<ReservedList> {
  checkList(entries, options);
  const ticket = new AcquireTicket();
  let held: ListEntry[] = [];
  let waiting = entries;
  for (let at = 0; at < waiting.length; at++) {
    const entry = waiting[at] as ListEntry;
    // A free buffer is reserved without a promise: only contended buffers cost one.
    if (isFree(entry.buffer) && options.signal?.aborted !== true) {
      entry.buffer.tryReserve(ticket);
      held.push(entry);
      continue;
    }
    const code = await tryEntry(entry, ticket, held, options);
    if (code === null) held.push(entry);
    if (code !== "EDEADLK") continue;
    waiting = [entry, ...held.splice(0), ...waiting.slice(at + 1)];
    at = -1;
  }
  if (waiting !== entries) held = inOrderOf(entries, held);
  if (held.length < entries.length) held = withStrongestUsage(entries, held);
  return new ReservedList(held, ticket);
}

function inOrderOf(entries: readonly ListEntry[], held: readonly ListEntry[]): ListEntry[] {
  const left = new Set(held);
  return entries.filter((entry) => left.delete(entry));
}

/** A skipped duplicate that writes makes the entry that was kept for its reservation a write. */
function withStrongestUsage(entries: readonly ListEntry[], held: readonly ListEntry[]): ListEntry[] {
  const written = new Set(entries.filter(({ usage }) => usage !== "read").map(({ buffer }) => buffer.reservation));
  const isWritten = ({ buffer, usage }: ListEntry) => usage === "read" && written.has(buffer.reservation);
  return held.map((entry) => isWritten(entry) ? { ...entry, usage: "write" } : entry);
}

function isFree(buffer: BufferObject): boolean {
  return !buffer.reserved && !buffer.disposed && buffer.cpuWriters === 0;
}

/** Reserves one more buffer; null on success. After a failure other than a duplicate nothing stays reserved. */
async function tryEntry(
  { buffer }: ListEntry,
  ticket: AcquireTicket,
  held: readonly ListEntry[],
  { signal, noWait = false, skipDuplicates = false }: ReserveListOptions,
): Promise<"EDEADLK" | "EALREADY" | null> {
  try {
    await buffer.reserve({ ticket, noWait, ...(signal && { signal }) });
    if (buffer.cpuWriters === 0) return null;
    buffer.unlock();
    throw new TtmError("EBUSY", `Cannot reserve list: the CPU has grabbed ${buffer} for writing`);
  } catch (error) {
    const code = error instanceof TtmError ? error.code : undefined;
    if (code === "EALREADY" && skipDuplicates) return code;
    for (const entry of held) if (isHeldUnder(entry.buffer, ticket)) entry.buffer.unlock();
    if (code !== "EDEADLK") throw error;
    if (noWait) throw new TtmError("EBUSY", `Cannot reserve list: an older ticket has reserved ${buffer}`);
    return code;
  }
}

function checkList(entries: readonly ListEntry[], options: ReserveListOptions): void {
  const what = "reserve list";
  checkArray(what, "the list", entries);
  checkWaitOptions(what, options, undefined, RESERVE_LIST_OPTIONS);
  if (options.skipDuplicates !== undefined) checkBoolean(what, "skipDuplicates", options.skipDuplicates);
  const wrong = entries.findIndex((entry) => !isEntry(entry));
  if (wrong < 0) return;
  checkOptions(what, entries[wrong] as ListEntry, LIST_ENTRY, `entry ${wrong}`);
  const { buffer, usage = "write" } = entries[wrong] as ListEntry;
  throw new TtmError(
    "EINVAL",
    `Cannot ${what}: entry ${wrong} is ${show(buffer)} for ${show(usage)}, not a buffer to read or write`,
  );
}

function isEntry(entry: ListEntry | null | undefined): boolean {
  if (!(entry?.buffer instanceof BufferObject) || !hasOnly(entry, LIST_ENTRY)) return false;
  return entry.usage === undefined || entry.usage === "read" || entry.usage === "write";
}
