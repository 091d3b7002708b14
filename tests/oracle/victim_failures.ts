import { type BoDevice, type BufferObject, type EvictionPolicy, type PreparedPlacement } from "@ttm/core";

/**
 * VICTIM_FAILURE_ENDS_ALL: from the moment when a hook fails for a victim until the call ends nothing succeeds any more, as
 * if there were no more victims and no more places. Other devices may still be asked to swap out.
 */
export class VictimFailures {
  #subject: BufferObject | null = null;
  #placement: PreparedPlacement | null = null;
  #device: BoDevice | null = null;
  #errno = 0;

  /** A call begins: on whose behalf, and to which places. */
  begin(subject: BufferObject | null, placement: PreparedPlacement | null = null): void {
    this.#subject = subject;
    this.#placement = placement;
    this.forget();
  }

  /** A hook failed for a buffer. */
  note(buffer: BufferObject, device: BoDevice, errno: number): void {
    if (buffer === this.#subject) return;
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
  errnoOn(device: BoDevice | undefined): number {
    return device === this.#device ? this.#errno : 0;
  }

  /** Ends the walks of a device after that; `placed` is told who gets a place, `walked` of each walk. */
  watch(
    policy: EvictionPolicy,
    device: BoDevice,
    placed: (buffer: BufferObject, memoryType: string) => void,
    walked: () => void,
  ): void {
    const candidates = policy.candidates.bind(policy);
    const insert = policy.insert.bind(policy);
    policy.insert = (entry, buffer, memoryType) => {
      placed(buffer, memoryType);
      insert(entry, buffer, memoryType);
    };
    policy.candidates = (memoryType) => {
      walked();
      const cursor = candidates(memoryType);
      return { next: () => this.errnoOn(device) === 0 ? cursor.next() : -1, close: () => cursor.close() };
    };
  }
}
