import { checkBytes, checkInteger, checkWaitOptions } from "../base/arguments.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { accessError } from "../calls/call_errors.ts";
import { mappingsOf, releaseIo } from "../memory/io_memory.ts";
import { cpuMemory } from "../memory/kernel_map.ts";
import { Operation } from "../state/operation.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { DONE, EINVAL, EIO, type Outcome } from "../base/outcome.ts";
import type { Placement } from "../contract/placement.ts";
import { mustLive, reserveForCall } from "../calls/reserve.ts";
import { plural } from "../base/plural.ts";
import { PAGE_SIZE } from "../base/units.ts";
import { restoreFromStore } from "../place/restore.ts";
import { validate } from "../place/validate.ts";
import { complete } from "../state/wait.ts";

/** A buffer that can be kept alive and reserved. */
type MappedBuffer = BufferRecord & { keep(): void; letGo(): void; unreserve(): void };

/** Maximum number of pages that a fault maps (`TTM_BO_VM_NUM_PREFAULT`). */
const PAGES_PER_FAULT = 16;
const TO_SYSTEM: Placement = { placement: [{ memoryType: "system" }] };

/**
 * A map of pages of a buffer for a user (`ttm_bo_vm`). Pages are faulted in on access; they are unmapped when the
 * buffer moves or is swapped out, and the next access faults them in again at the new place. The map holds a reference
 * to the buffer until it is disposed of. Accesses do not wait for submitted work: wait for its fences first.
 */
export class UserMap implements Disposable {
  /** Size in bytes. */
  readonly length: number;
  #state: DeviceState;
  #buffer: MappedBuffer | null;
  #firstPage: number;
  #present: Map<number, Uint8Array> = new Map();

  /** @internal */
  constructor(state: DeviceState, buffer: MappedBuffer, firstPage: number, pages: number) {
    this.#state = state;
    buffer.keep();
    this.#buffer = buffer;
    this.#firstPage = firstPage;
    this.length = pages * PAGE_SIZE;
    mappingsOf(buffer).users.add(this);
  }

  /** Number of pages that are mapped now, so that an access does not fault. */
  get presentPages(): number {
    return this.#present.size;
  }

  /**
   * Reads bytes. A fault waits for the reservation of the buffer: a caller that holds it uses `BufferObject.read` and
   * `BufferObject.write` instead.
   *
   * @throws {TtmError} `EINVAL` if the range is outside the map, after disposal of the map, for imported memory, or if
   * the memory of the buffer is not CPU-visible; `EIO` if the contents were lost; `ENOMEM` if there is no host memory;
   * `EBUSY` after 15 s of waiting for a move, or with `noWait` if the buffer is reserved or moving; `EDEADLK` if one
   * holder, perhaps the caller itself, keeps it reserved for 15 s. An aborted signal rejects with its reason.
   */
  async read(offset: number, length: number, options: WaitOptions = {}): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.#check("read", offset, length));
    await this.#touch("read", offset, length, options, (page, at, from, count) => {
      bytes.set(page.subarray(from, from + count), at);
    });
    return bytes;
  }

  /**
   * Writes the bytes of a view or an array buffer; a fault waits as in {@linkcode read}.
   *
   * @throws {TtmError} As {@linkcode read}; on error the pages before the one that failed have been written.
   */
  async write(offset: number, data: ArrayBufferView | ArrayBufferLike, options: WaitOptions = {}): Promise<void> {
    const bytes = checkBytes("write to map", "the bytes", data);
    this.#check("write to", offset, bytes.length);
    await this.#touch("write to", offset, bytes.length, options, (page, at, from, count) => {
      this.#mappedBuffer("write to").becomeDirty();
      page.set(bytes.subarray(at, at + count), from);
    });
  }

  /** @internal The mapped pages, by their index in the buffer. */
  get present(): ReadonlyMap<number, Uint8Array> {
    return this.#present;
  }

  /** @internal */
  zap(): void {
    this.#present.clear();
  }

  /** Ends the map. A second call does nothing. */
  [Symbol.dispose](): void {
    const buffer = this.#buffer;
    if (buffer === null) return;
    this.#buffer = null;
    this.zap();
    const { users } = mappingsOf(buffer);
    users.delete(this);
    if (users.size === 0 && this.#state.windowedUsers.delete(buffer)) releaseIo(this.#state, buffer);
    buffer.letGo();
  }

  #check(what: string, offset: number, length: number): number {
    checkInteger(`${what} map`, "offset", offset, 0, this.length);
    return checkInteger(`${what} map`, "length", length, 0, this.length - offset);
  }

  /** Visits the pages of a range; each visit is synchronous, so that the page cannot be unmapped during it. */
  async #touch(
    what: string,
    offset: number,
    length: number,
    options: WaitOptions,
    visit: (page: Uint8Array, at: number, from: number, count: number) => void,
  ): Promise<void> {
    checkWaitOptions(`${what} map`, options);
    this.#mappedBuffer(what);
    for (let at = 0; at < length;) {
      const number = this.#firstPage + Math.floor((offset + at) / PAGE_SIZE);
      const from = (offset + at) % PAGE_SIZE;
      const count = Math.min(PAGE_SIZE - from, length - at);
      const touch = (page: Uint8Array) => visit(page, at, from, count);
      const page = this.#present.get(number);
      if (page === undefined) await this.#fault(what, number, options, touch);
      else touch(page);
      at += count;
    }
  }

  /** Maps a page and visits it in the same attempt: when the caller resumes, it may have been unmapped again. */
  async #fault(
    what: string,
    page: number,
    options: WaitOptions,
    visit: (page: Uint8Array) => void,
  ): Promise<void> {
    const buffer = this.#mappedBuffer(what);
    const turn = await reserveForCall(this.#state, buffer, `${what} a map of`, options);
    try {
      await this.#faultReserved(what, buffer, page, options, visit);
    } finally {
      turn[Symbol.dispose]();
    }
  }

  async #faultReserved(
    what: string,
    buffer: MappedBuffer,
    page: number,
    { signal, noWait }: WaitOptions,
    visit: (page: Uint8Array) => void,
  ): Promise<void> {
    const state = this.#state;
    const op = new Operation(state.tracer, noWait === true, buffer).start("map access");
    const outcome = await complete(state.clock, op, signal, () => {
      this.#mappedBuffer(what);
      const memory = memoryForUsers(state, buffer, op);
      if (typeof memory === "number") return memory;
      const end = Math.min(page + PAGES_PER_FAULT, this.#firstPage + this.length / PAGE_SIZE);
      for (let at = page; at < end; at++) {
        this.#present.set(at, memory.subarray(at * PAGE_SIZE, (at + 1) * PAGE_SIZE));
      }
      visit(memory.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE));
      return DONE;
    });
    if (outcome !== DONE) throw accessError(`${what} map`, op, outcome);
  }

  #mappedBuffer(what: string): MappedBuffer {
    if (this.#buffer !== null) return this.#buffer;
    throw new TtmError("EINVAL", `Cannot ${what} map: it has been disposed of`);
  }
}

/** Maps all pages of a buffer for a user (`ttm_bo_mmap_obj`). */
export function mapForUser(state: DeviceState, buffer: MappedBuffer): UserMap {
  mustBeForUsers(buffer, "map");
  return new UserMap(state, buffer, 0, buffer.pages);
}

/** The mmap offset of a buffer, in bytes; its range is allocated when it is first asked for. */
export function mmapOffsetOf(state: DeviceState, buffer: BufferRecord): number {
  mustBeForUsers(buffer, "name an offset for");
  const maps = mappingsOf(buffer);
  if (maps.firstOffset < 0) {
    const first = state.mmapOffsets.allocate(buffer);
    if (first === null) {
      throw new TtmError(
        "ENOSPC",
        `Cannot name an offset for ${buffer}: its ${plural(buffer.pages, "page")} exceed the free range of offsets`,
      );
    }
    maps.firstOffset = first;
  }
  return maps.firstOffset * PAGE_SIZE;
}

function mustBeForUsers(buffer: BufferRecord, what: string): void {
  mustLive(buffer, what);
  if (buffer.kind === "kernel") throw new TtmError("EINVAL", `Cannot map ${buffer}: it is a kernel buffer`);
}

/** One attempt to make the memory of a reserved buffer CPU-visible for user maps (`ttm_bo_vm_fault_reserved`). */
function memoryForUsers(state: DeviceState, buffer: MappedBuffer, op: Operation): Uint8Array | Outcome {
  if (buffer.kind === "sg") {
    return op.fail(new TtmError("EINVAL", `the pages of ${buffer} belong to their exporter`), EINVAL);
  }
  const placed = placeForCpu(state, buffer, op);
  if (placed !== DONE) return placed;
  const memory = cpuMemory(state, buffer, op);
  if (typeof memory === "number") return memory;
  // All user maps of a buffer together count as one use of its I/O window.
  if (memory.isIoMemory && state.windowedUsers.has(buffer)) releaseIo(state, buffer);
  else if (memory.isIoMemory) state.windowedUsers.add(buffer);
  return memory.bytes;
}

/** Validates a buffer to the place that the driver names for CPU access, or to SYSTEM if it has no resource. */
function placeForCpu(state: DeviceState, buffer: MappedBuffer, op: Operation): Outcome {
  const restored = restoreFromStore(state, buffer, op);
  if (restored !== DONE) return restored;
  try {
    const placement = buffer.type === null ? TO_SYSTEM : state.driver.faultReserveNotify?.(buffer) ?? null;
    if (placement === null) return DONE;
    const outcome = validate(state, buffer, state.prepareOnce(placement), op);
    if (outcome !== EINVAL || op.cause !== undefined) return outcome;
    return op.fail(new TtmError("EINVAL", `${buffer} is pinned where the CPU cannot see it`), EINVAL);
  } catch (error) {
    return op.fail(error, EIO);
  }
}
