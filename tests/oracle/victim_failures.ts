import type { BoDevice, BufferView, DeviceView, EvictionPolicy, PreparedPlacement } from "@ttm/core";

/**
 * VICTIM_FAILURE_ENDS_ALL: from the moment when a hook fails for a victim until the call ends nothing succeeds any more, as
 * if there were no more victims and no more places. Other devices may still be asked to swap out.
 */
export class VictimFailures {
  #subject: BufferView | null = null;
  #placement: PreparedPlacement | null = null;
  #device: DeviceView | null = null;
  #errno = 0;
  #subjectLeaves = false;

  /** A call begins: on whose behalf, and to which places. */
  begin(subject: BufferView | null, placement: PreparedPlacement | null = null): void {
    this.#subject = subject;
    this.#placement = placement;
    this.#subjectLeaves = false;
    this.forget();
  }

  /** A buffer is to leave its place for another; who asks for room may be in its own way. */
  leaves(buffer: BufferView): void {
    if (buffer === this.#subject) this.#subjectLeaves = true;
  }

  /** A hook failed for a buffer. */
  note(buffer: BufferView, device: BoDevice, errno: number): void {
    if (buffer === this.#subject && !this.#subjectLeaves) return;
    this.#device = device;
    this.#errno = errno;
    if (this.#placement !== null) (this.#placement.busyPlaces as unknown[]).length = 0;
  }

  /** The call goes on after all. */
  forget(): void {
    this.#device = null;
    this.#errno = 0;
  }

  /** How a victim failed; 0 if none did. */
  get errno(): number {
    return this.#errno;
  }

  /** How a victim on this device failed. */
  errnoOn(device: DeviceView | undefined): number {
    return device === this.#device ? this.#errno : 0;
  }

  /** Ends the walks of a device after that; `walked` is told of each. */
  watch(policy: EvictionPolicy, device: BoDevice, walked: () => void): void {
    const candidates = policy.candidates.bind(policy);
    policy.candidates = (memoryType) => {
      walked();
      // Swapouts begin with SYSTEM: another device has given something, and all are asked again.
      if (memoryType === "system" && this.errnoOn(device) !== 0) this.forget();
      const cursor = candidates(memoryType);
      return { next: () => this.errnoOn(device) === 0 ? cursor.next() : -1, close: () => cursor.close() };
    };
  }
}
