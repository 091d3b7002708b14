import { checkBytes, checkInteger, checkWaitOptions } from "../base/arguments.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { accessError } from "./failure.ts";
import { mappingsOf, releaseIo } from "../memory/io_memory.ts";
import { cpuMemory } from "../memory/kernel_map.ts";
import { Operation } from "../state/operation.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { DONE, EINVAL, EIO, type Outcome } from "../base/outcome.ts";
import type { Placement } from "../contract/placement.ts";
import { PAGE_SIZE } from "../base/units.ts";
import { validate } from "../place/validate.ts";
import { complete } from "../state/wait.ts";

/** A buffer that can be kept alive and reserved. */
type MappedBuffer = BufferRecord & {
  keep(): void;
  letGo(): void;
  reserveFor(what: string, options: WaitOptions): Promise<Disposable>;
};

/** How many pages a fault maps at most (`TTM_BO_VM_NUM_PREFAULT`). */
const PAGES_PER_FAULT = 16;
const TO_SYSTEM: Placement = { placement: [{ memoryType: "system" }] };

/**
 * Pages of a buffer in the address space of a user (`ttm_bo_vm`). They appear when they are touched, disappear when the
 * buffer moves or is swapped out, and appear again where it is then; whoever reads and writes does not notice. The map
 * keeps the buffer alive until it is disposed of. It is not ordered with the work of the device: wait for that first.
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

  /** How many of its pages can be touched without a fault at present. */
  get presentPages(): number {
    return this.#present.size;
  }

  /**
   * Reads bytes. Pages that are not there wait for the reservation of the buffer: whoever holds that uses
   * `MappedBuffer.read` and `MappedBuffer.write` instead.
   *
   * @throws {TtmError} `EINVAL` outside the map, after its disposal, for imported memory, or where the CPU cannot see the
   * buffer; `EIO` if the contents were lost; `ENOMEM` without host memory; `EBUSY` after 15 s of waiting for a move, or
   * with `noWait` if the buffer is reserved or moves; `EDEADLK` if one party, perhaps the caller, keeps it reserved for
   * 15 s. An aborted signal rejects with its reason.
   */
  async read(offset: number, length: number, options: WaitOptions = {}): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.#check("read", offset, length));
    await this.#touch("read", offset, length, options, (page, at, from, count) => {
      bytes.set(page.subarray(from, from + count), at);
    });
    return bytes;
  }

  /**
   * Writes the bytes of an array or a buffer, waiting as {@linkcode read} does.
   *
   * @throws {TtmError} As {@linkcode read}; the pages before the one that failed have been written then.
   */
  async write(offset: number, data: ArrayBufferView | ArrayBufferLike, options: WaitOptions = {}): Promise<void> {
    const bytes = checkBytes("write to map", "the bytes", data);
    this.#check("write to", offset, bytes.length);
    await this.#touch("write to", offset, bytes.length, options, (page, at, from, count) => {
      page.set(bytes.subarray(at, at + count), from);
    });
  }

  /** @internal The pages that can be touched, by their number in the buffer. */
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

  /** Visits the pages of a range, each in one stretch in which it cannot disappear. */
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

  /** Visits the page as soon as it is there, since by the time that a task goes on it may have been taken again. */
  async #fault(
    what: string,
    page: number,
    options: WaitOptions,
    visit: (page: Uint8Array) => void,
  ): Promise<void> {
    const buffer = this.#mappedBuffer(what);
    const turn = await buffer.reserveFor(`${what} a map of`, options);
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
    const op = new Operation(state.tracer, noWait === true, buffer);
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
    throw new TtmError("EINVAL", `Cannot ${what} map: it was disposed of`);
  }
}

/** One attempt to make the memory of a reserved buffer reachable for users (`ttm_bo_vm_fault_reserved`). */
function memoryForUsers(state: DeviceState, buffer: MappedBuffer, op: Operation): Uint8Array | Outcome {
  if (buffer.kind === "sg") {
    return op.fail(new TtmError("EINVAL", `the pages of ${buffer} belong to somebody else`), EINVAL);
  }
  const placed = placeForCpu(state, buffer, op);
  if (placed !== DONE) return placed;
  const memory = cpuMemory(state, buffer, op);
  if (typeof memory === "number") return memory;
  // All maps of users together have one share in the window.
  if (memory.isIoMemory && state.windowedUsers.has(buffer)) releaseIo(state, buffer);
  else if (memory.isIoMemory) state.windowedUsers.add(buffer);
  return memory.bytes;
}

/** Brings a buffer to where the driver wants it for the CPU's access; to SYSTEM if it has no place at all. */
function placeForCpu(state: DeviceState, buffer: MappedBuffer, op: Operation): Outcome {
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
