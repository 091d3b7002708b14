import { type BufferObject, type BufferView, checkInvariants, type Fence } from "@ttm/core";
import type { Composition } from "./compose.ts";

/** A buffer whose contents differ from what was last written. */
export interface Loss {
  /** The buffer. */
  readonly buffer: string;
  /** Its first page with wrong contents. */
  readonly page: number;
  /** The memory type that it was in. */
  readonly memoryType: string;
}

/**
 * Compares the contents of buffers with the stamp of the job that last wrote them. The memory of a buffer's current
 * resource is compared when a fence signals; later work does not affect the result, so comparing takes no simulated
 * time.
 */
export class Verifier {
  /** Comparisons that succeeded. */
  verified = 0;
  /** Comparisons that could not be made, because the contents cannot be read. */
  unverified = 0;
  /** Comparisons that found other contents. */
  readonly losses: Loss[] = [];
  #composition: Composition;

  /** A verifier for the buffers of one composition. */
  constructor(composition: Composition) {
    this.#composition = composition;
  }

  /** Compares a buffer with a stamp when the fence signals, or at once if it is null. */
  compareAt(fence: Fence | null, buffer: BufferView, stamp: number): void {
    const compare = this.#comparison(buffer, stamp);
    if (fence === null) compare();
    else fence.onSignal(compare);
  }

  /** Remembers the buffer's current memory; the returned function compares its contents at the time of the call. */
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

  /** Checks the invariants of some buffers. */
  checkTouched(buffers: Iterable<BufferView>): void {
    checkInvariants(this.#composition.device, buffers);
  }

  /** Checks all invariants, and compares each buffer when its work has ended. */
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
