/**
 * What the tests of the core share: a driver whose every step can be watched and made to fail, a clock that stands
 * still, and short spellings for placing, filling and comparing buffers.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import {
  BoDevice,
  type BufferObject,
  type BufferOptions,
  type BufferView,
  byteTable,
  checkInvariants,
  type Clock,
  type ClockEvent,
  type DeviceOptions,
  type Driver,
  type DriverContext,
  type Fence,
  FenceContext,
  joinTracers,
  type Location,
  type MemTypeManager,
  type MoveEvent,
  type MoveRequest,
  PAGE_SIZE,
  type Place,
  type Placement,
  type PreparedPlacement,
  SimulatedClock,
  type Tracer,
  type TranslationTable,
  TtmError,
  type TtmErrorCode,
} from "./mod.ts";

/** A clock whose time moves only when it is told to, even while tasks wait. */
export class StoppedClock implements Clock {
  #inner: SimulatedClock = new SimulatedClock();
  #pending: Set<ClockEvent> = new Set();

  /** Events that have neither happened nor been cancelled. */
  get pending(): number {
    return this.#pending.size;
  }

  now(): number {
    return this.#inner.now();
  }

  schedule(at: number, fn: () => void): ClockEvent {
    const event = this.#inner.schedule(at, () => {
      this.#pending.delete(event);
      fn();
    });
    this.#pending.add(event);
    return event;
  }

  cancel(event: ClockEvent): void {
    this.#pending.delete(event);
    this.#inner.cancel(event);
  }

  /** Makes everything up to the time `at` happen (milliseconds). */
  advanceTo(at: number): void {
    this.#inner.advanceTo(at);
  }
}

/** Sizes in pages. */
export interface TestDriverOptions {
  /** @default {8} */
  readonly vram?: number;
  /** @default {8} */
  readonly gtt?: number;
  /** A second window on host memory. @default {none} */
  readonly gtt2?: number;
  /** The part of VRAM that the CPU sees. @default {all} */
  readonly visible?: number;
  /** Copies are queued and end when the test says so. @default {false} */
  readonly ordered?: boolean;
  /** Whether a range is handed on before the copy out of it has ended. @default {true} */
  readonly pipelined?: boolean;
}

/**
 * A discrete GPU with real bytes. VRAM is evicted to GTT, everything else to SYSTEM. Tests replace its steps, `evict`
 * to `table`, to change what it does or to make it fail; `calls` lists what it was asked for.
 */
export class TestDriver implements Driver {
  readonly name = "test";
  readonly memoryTypes: Driver["memoryTypes"];
  readonly supports: { readonly moves: "immediate" | "ordered"; readonly pipelinedEvictions: boolean };
  /** What the core asked for, in order: `"notify 0 system>vram"`, `"move …"`, `"bind 0 gtt@4"`, `"unbind 0"`. */
  readonly calls: string[] = [];
  /** The requests for moves. */
  readonly requests: MoveRequest[] = [];
  /** The queued copies of an ordered driver. */
  readonly copies: { readonly fence: Fence; readonly run: () => void }[] = [];
  /** Where buffers are evicted to. */
  evict: (buffer: BufferObject) => Placement = ({ memoryType }) => only(memoryType === "vram" ? "gtt" : "system");
  /** The stop that a move needs. */
  stop: (from: string, to: string) => Place | null = () => null;
  /** Called before bytes move; may throw. */
  beforeMove: (request: MoveRequest) => void = () => {};
  /** Called before pages are bound; may throw. */
  beforeBind: (buffer: BufferObject, memoryType: string) => void = () => {};
  /** The timeline of an ordered copy. */
  line: (request: MoveRequest) => FenceContext = () => this.#line;
  /** Makes the tables. */
  table: (buffer: BufferObject) => TranslationTable | null = (buffer) => byteTable(buffer.pages);
  /** Tells the core that the contents of a buffer are lost. */
  lose: DriverContext["loseContents"] = () => {};
  #vram: Uint8Array;
  #visible: number;
  #line: FenceContext = new FenceContext("copy");

  constructor({ vram = 8, gtt = 8, gtt2, visible = vram, ordered = false, pipelined = true }: TestDriverOptions = {}) {
    this.#vram = new Uint8Array(vram * PAGE_SIZE);
    this.#visible = visible;
    this.supports = { moves: ordered ? "ordered" : "immediate", pipelinedEvictions: pipelined };
    this.memoryTypes = [
      { name: "system" },
      { name: "gtt", pages: gtt, gpuOffset: 1 << 20 },
      { name: "vram", pages: vram, fixed: true, availableCaching: ["wc", "uncached"], defaultCaching: "wc" },
      ...(gtt2 === undefined ? [] : [{ name: "gtt2", pages: gtt2 }]),
    ];
  }

  /** Ends the oldest queued copy, or another one by its position; with an error it does not happen. */
  finishCopy(error?: unknown, at = 0): void {
    const [copy] = this.copies.splice(at, 1);
    if (copy === undefined) throw new Error("no copy is queued");
    if (error === undefined) copy.run();
    copy.fence.signal(error);
  }

  attach({ loseContents }: DriverContext): void {
    this.lose = loseContents;
  }

  evictPlacement(buffer: BufferObject): Placement {
    return this.evict(buffer);
  }

  hop(_buffer: BufferObject, from: string, to: string): Place | null {
    return this.stop(from, to);
  }

  createTranslationTable(buffer: BufferObject): TranslationTable | null {
    return this.table(buffer);
  }

  move(request: MoveRequest): Fence | void {
    const { buffer, source, destination, pages } = request;
    this.calls.push(`move ${buffer.id} ${source?.memoryType ?? "zero"}>${destination.memoryType}`);
    this.requests.push(request);
    this.beforeMove(request);
    const run = () => {
      const target = this.#bytesAt(destination, pages);
      if (source === null) target.fill(0);
      else target.set(this.#bytesAt(source, pages));
    };
    if (this.supports.moves === "immediate") return run();
    const fence = this.line(request).next();
    this.copies.push({ fence, run });
    return fence;
  }

  bind(buffer: BufferObject, _table: TranslationTable, memoryType: string, start: number): void {
    this.beforeBind(buffer, memoryType);
    this.calls.push(`bind ${buffer.id} ${memoryType}@${start}`);
  }

  unbind(buffer: BufferObject): void {
    this.calls.push(`unbind ${buffer.id}`);
  }

  moveNotify(buffer: BufferObject, from: string | null, to: string | null): void {
    this.calls.push(`notify ${buffer.id} ${from}>${to}`);
  }

  invalidateCaches(buffer: BufferObject): void {
    this.calls.push(`invalidate ${buffer.id}`);
  }

  ioMemReserve(_memoryType: string, start: number, pages: number): Uint8Array | null {
    return start + pages > this.#visible ? null : this.#vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
  }

  #bytesAt({ start, table }: Location, pages: number): Uint8Array {
    if (table !== null) return table.contents as Uint8Array;
    return this.#vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
  }
}

/** A device of a {@linkcode TestDriver} and first-fit managers. */
export interface TestDevice {
  readonly device: BoDevice;
  readonly driver: TestDriver;
  readonly clock: StoppedClock;
  /** The attempted transitions: `"0 system>vram@0"`, then `" evict"` and the failure. */
  readonly moves: string[];
}

/** Makes a device; `managers` replace first-fit, `tracer` adds to the log of moves. */
export function testDevice(
  options:
    & TestDriverOptions
    & Pick<DeviceOptions, "store" | "global" | "limits" | "policy">
    & { managers?: Record<string, MemTypeManager>; tracer?: Tracer } = {},
): TestDevice {
  const { store, global, limits, policy } = options;
  const driver = new TestDriver(options);
  const clock = new StoppedClock();
  const moves: string[] = [];
  const managers = Object.fromEntries(driver.memoryTypes.slice(1).map(({ name }) => [name, firstFit()]));
  const move = (event: MoveEvent) => void moves.push(describeMove(event));
  const tracer = joinTracers({ move }, options.tracer ?? {});
  const device = new BoDevice({
    driver,
    managers: { ...managers, ...options.managers },
    clock,
    tracer,
    ...(store && { store }),
    ...(global && { global }),
    ...(limits && { limits }),
    ...(policy && { policy }),
  });
  return { device, driver, clock, moves };
}

function describeMove({ buffer, from, to, evict, failure }: MoveEvent): string {
  const transition = `${buffer.id} ${from?.memoryType ?? "nowhere"}>${to.memoryType}@${to.start}`;
  return `${transition}${evict ? " evict" : ""}${failure === null ? "" : ` ${failure}`}`;
}

/** A placement of one place. */
export function only(memoryType: string, details: Omit<Place, "memoryType"> = {}): Placement {
  return { placement: [{ memoryType, ...details }] };
}

/** A fence of its own timeline. */
export function fence(name = "work"): Fence {
  return new FenceContext(name).next();
}

/** Reserves a free buffer, makes one attempt to place it, and unreserves it; fails if it is blocked. */
export function place(buffer: BufferObject, placement: string | Placement | PreparedPlacement): void {
  assertEquals(buffer.tryReserve(), true);
  try {
    assertEquals(buffer.tryValidate(typeof placement === "string" ? only(placement) : placement), null);
  } finally {
    buffer.unreserve();
  }
}

/** Makes a buffer of one page, or as many as `pages` says, and places it. */
export function put(
  device: BoDevice,
  placement: string | Placement | PreparedPlacement,
  { pages = 1, ...options }: Partial<BufferOptions> & { readonly pages?: number } = {},
): BufferObject {
  const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE, ...options });
  place(buffer, placement);
  return buffer;
}

/** Reserves a free buffer, does something, and unreserves it. */
export function touch(buffer: BufferObject, act: () => unknown = () => {}): void {
  assertEquals(buffer.tryReserve(), true);
  try {
    act();
  } finally {
    buffer.unreserve();
  }
}

/** Pins a buffer that is not reserved. */
export function pin(buffer: BufferObject): void {
  touch(buffer, () => buffer.pin());
}

/** Announces work on a buffer that is not reserved. */
export function addWork(buffer: BufferObject, work: Fence = fence()): Fence {
  whileReserved(buffer, () => buffer.addFence(work, "write"));
  return work;
}

/** Does something under the reservation of a free buffer, and leaves the order of eviction alone. */
export function whileReserved<Result>(buffer: BufferObject, act: () => Result): Result {
  assertEquals(buffer.tryReserve(), true);
  try {
    return act();
  } finally {
    buffer.unlock();
  }
}

/** Fills a free buffer with one byte. */
export async function fill(buffer: BufferObject, byte: number): Promise<void> {
  assertEquals(buffer.tryReserve(), true);
  await buffer.write(new Uint8Array(buffer.bytes).fill(byte));
  buffer.unlock();
}

/** The different bytes that are in a buffer, reserved or not; the failure's code if it cannot be read. */
export async function bytesIn(buffer: BufferObject): Promise<number[] | TtmErrorCode> {
  let free = false;
  try {
    free = buffer.tryReserve();
    return [...new Set(await buffer.read({ noWait: true }))];
  } catch (error) {
    return (error as TtmError).code;
  } finally {
    if (free) buffer.unlock();
  }
}

const tables = new WeakMap<TranslationTable, symbol>();

function identity(table: TranslationTable | null): symbol | null {
  if (table === null) return null;
  const name = tables.get(table) ?? Symbol("table");
  tables.set(table, name);
  return name;
}

/** All that can be seen of a device and of some of its buffers, to be compared with how it is later. */
export async function picture(device: BoDevice, buffers: readonly BufferObject[]): Promise<unknown> {
  const ids = (list: readonly BufferView[]) => list.map((buffer) => buffer.toString());
  const seen = [];
  for (const { id, memoryType, start, place, pins, reserved, tt } of buffers) {
    const { caching, boundTo, boundAt } = tt ?? {};
    seen.push({ id, memoryType, start, place, pins, reserved, tt: identity(tt), caching, boundTo, boundAt });
  }
  const contents = [];
  for (const buffer of buffers) contents.push(await bytesIn(buffer));
  return {
    buffers: seen,
    contents,
    lru: device.memoryTypes.map((type) => device.lru(type).map(ids)),
    pinned: ids(device.pinned),
    usage: device.memoryTypes.map((type) => [device.usage(type), device.debug(type)]),
    count: [device.liveBuffers, device.dyingBuffers],
  };
}

/** The error with which something is refused; its code must be this one. */
export async function refused(act: () => unknown, code: TtmErrorCode, message = ""): Promise<TtmError> {
  // deno-lint-ignore require-await -- so that a throw and a rejection look the same
  const error = await assertRejects(async () => act(), TtmError, message);
  assertEquals(error.code, code, error.message);
  return error;
}

/** As {@linkcode refused}, and nothing of the device and these buffers may have changed. */
export async function refusedUnchanged(
  device: BoDevice,
  buffers: readonly BufferObject[],
  act: () => unknown,
  code: TtmErrorCode,
  message = "",
): Promise<TtmError> {
  const before = await picture(device, buffers);
  const error = await refused(act, code, message);
  checkInvariants(device);
  assertEquals(await picture(device, buffers), before);
  return error;
}
