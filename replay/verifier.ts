import { type BufferObject, type BufferView, checkInvariants, type Fence } from "@ttm/core";
import type { Composition } from "./compose.ts";

/** Contents that are not what was last written. */
export interface Loss {
  /** The buffer. */
  readonly buffer: string;
  /** The first wrong page of it. */
  readonly page: number;
  /** The memory type that it was in. */
  readonly memoryType: string;
}

/**
 * Knows what every buffer must hold, as the number of the job that last wrote it, and compares. A buffer is compared
 * where it is now, at the moment when a fence signals: what later work does to other memory makes no difference, so
 * looking costs no simulated time.
 */
export class Verifier {
  /** Comparisons that found what they must. */
  verified = 0;
  /** Those that could not be made, for nobody sees what is there. */
  unverified = 0;
  /** Those that found something else. */
  readonly losses: Loss[] = [];
  #composition: Composition;

  /** Compares the buffers of one composition. */
  constructor(composition: Composition) {
    this.#composition = composition;
  }

  /** Compares a buffer with a stamp when the fence signals, at once without a fence. */
  compareAt(fence: Fence | null, buffer: BufferView, stamp: number): void {
    const compare = this.#comparison(buffer, stamp);
    if (fence === null) compare();
    else fence.onSignal(compare);
  }

  /** Takes note of where the buffer is now; the result compares what is there by then. */
  #comparison(buffer: BufferView, stamp: number): () => void {
    const contents = this.#composition.gpu.contentsOf(buffer);
    const memoryType = buffer.memoryType ?? "nowhere";
    const name = buffer.toString();
    return () => {
      const page = contents === null ? (stamp === 0 ? -1 : 0) : contents.firstMismatch(stamp);
      if (page === null) this.unverified++;
      else if (page < 0) this.verified++;
      else this.losses.push({ buffer: name, page, memoryType });
    };
  }

  /** Checks what buffers say of themselves. */
  checkTouched(buffers: Iterable<BufferView>): void {
    checkInvariants(this.#composition.device, buffers);
  }

  /** Checks all invariants, and compares every buffer when the work on it has ended. */
  compareAll(buffers: Iterable<{ readonly buffer: BufferObject; readonly stamp: number }>): void {
    checkInvariants(this.#composition.device);
    for (const { buffer, stamp } of buffers) this.#compareWhenIdle(buffer, stamp);
  }

  #compareWhenIdle(buffer: BufferObject, stamp: number): void {
    const compare = this.#comparison(buffer, stamp);
    const pending = buffer.reservation.fences.allPending();
    let left = pending.length;
    if (left === 0) compare();
    for (const fence of pending) fence.onSignal(() => --left === 0 && compare());
  }
}
