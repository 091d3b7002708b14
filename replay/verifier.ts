import { type BufferObject, checkInvariants, type Fence } from "@ttm/core";
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
  /** Those that did not. */
  readonly losses: Loss[] = [];
  #composition: Composition;

  /** Compares the buffers of one composition. */
  constructor(composition: Composition) {
    this.#composition = composition;
  }

  /** Compares a buffer with a stamp when the fence signals, at once without a fence. */
  compareAt(fence: Fence | null, buffer: BufferObject, stamp: number): void {
    const contents = this.#composition.gpu.contentsOf(buffer);
    const memoryType = buffer.memoryType ?? "nowhere";
    const compare = () => {
      const page = contents === null ? (stamp === 0 ? -1 : 0) : contents.firstMismatch(stamp);
      if (page < 0) this.verified++;
      else this.losses.push({ buffer: buffer.toString(), page, memoryType });
    };
    if (fence === null) compare();
    else fence.onSignal(compare);
  }

  /** Checks what buffers say of themselves. */
  checkTouched(buffers: Iterable<BufferObject>): void {
    checkInvariants(this.#composition.device, buffers);
  }

  /** Lets all work end, then checks all invariants and compares every buffer. */
  compareAll(buffers: Iterable<{ readonly buffer: BufferObject; readonly stamp: number }>): void {
    this.#composition.clock.runUntilIdle();
    checkInvariants(this.#composition.device);
    for (const { buffer, stamp } of buffers) this.compareAt(null, buffer, stamp);
  }
}
