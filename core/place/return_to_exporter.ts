import { access } from "./access.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import { disown, releaseUnlessKept } from "./destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import { Fence } from "../lock/fence.ts";
import { moveToSystem } from "./make_room.ts";
import { Operation } from "../state/operation.ts";
import { BLOCKED, DONE, ENOSPC, type Outcome } from "../base/outcome.ts";
import { PAGE_SIZE } from "../base/units.ts";
import type { PreparedPlacement } from "../resource/prepared_placement.ts";
import type { Returning } from "../state/returns.ts";

/** Whether the only right copy of imported bytes is on the device. */
export function mustReturn({ imported, type, lost }: BufferRecord): boolean {
  return imported !== null && type?.fixed === true && lost === undefined;
}

/**
 * Moves the bytes of an imported buffer without users from the device back to the exporter's array, and
 * then releases the buffer. Until the copy has been queued others may evict the buffer, which does the same.
 */
export class ReturnToExporter implements Returning {
  /** The fence that the next attempt waits for; null while it waits for room at a hop. */
  waitsFor: Fence | null = null;
  #state: DeviceState;
  #buffer: BufferRecord;
  #op: Operation;
  #byCpu = false;

  constructor(state: DeviceState, buffer: BufferRecord) {
    this.#state = state;
    this.#buffer = buffer;
    this.#op = new Operation(state.tracer, false, buffer).start("return");
    disown(state, buffer);
    buffer.isReturning = true;
    state.returns.add(buffer, this);
  }

  /** Continues after an operation that has reserved the buffer to evict it. */
  attempt(): void {
    const { reservation } = this.#buffer;
    if (reservation.tryLock() === DONE) this.#attemptLocked();
    else reservation.enqueue(null, () => this.#attemptLocked());
  }

  /** Releases the buffer; the array stays unchanged if the bytes are still on the device. */
  end(): void {
    this.#state.returns.delete(this.#buffer);
    this.#buffer.isReturning = false;
    releaseUnlessKept(this.#state, this.#buffer);
  }

  #attemptLocked(): void {
    this.#op.begin();
    const outcome = mustReturn(this.#buffer) ? this.#bringBack() : DONE;
    const { blockedOn } = this.#op;
    this.#buffer.reservation.release();
    this.waitsFor = outcome === BLOCKED && blockedOn instanceof Fence ? blockedOn : null;
    if (this.waitsFor !== null) this.#waitFor(this.waitsFor);
    else if (outcome === ENOSPC) this.#strand(this.#op.hop);
    else this.end();
  }

  #waitFor(fence: Fence): void {
    const { returns } = this.#state;
    returns.waiting.add(this);
    fence.onSignal(() => returns.attempt(this));
  }

  #strand(hop: PreparedPlacement | null): void {
    const { pages, alignment } = this.#buffer;
    const ranges = hop?.busyPlaces.map(({ type, fpfn, lpfn, contiguous }) => [type.name, fpfn, lpfn, contiguous]);
    this.#state.returns.strand(this, pages, `${ranges} aligned to ${alignment}`);
  }

  /** Moves the buffer, or if that fails copies the bytes by the CPU, which is tried only once. */
  #bringBack(): Outcome {
    if (this.#byCpu) return this.#read();
    const moved = moveToSystem(this.#state, this.#buffer, this.#op);
    if (moved === DONE || moved === BLOCKED) return moved;
    this.#byCpu = moved !== ENOSPC;
    const read = this.#read();
    return read === DONE || read === BLOCKED ? read : moved;
  }

  #read(): Outcome {
    // A failed read may have written a part of the bytes.
    const bytes = new Uint8Array(this.#buffer.pages * PAGE_SIZE);
    const read = access(this.#state, this.#buffer, { offset: 0, bytes, write: false }, this.#op);
    if (read === DONE) this.#buffer.imported?.set(bytes);
    return read;
  }
}

/** Waits until imported bytes are returned, or there is no room at a hop. */
export function waitForReturns({ returns }: DeviceState, op: Operation): Outcome {
  returns.retry();
  for (const one of returns.waiting) {
    const outcome = op.waitFor(one.waitsFor);
    if (outcome !== DONE) return outcome;
  }
  return DONE;
}
