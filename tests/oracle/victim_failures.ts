import type { BoDevice, BufferView, DeviceView, EvictionCursor, EvictionPolicy, PreparedPlacement } from "@ttm/core";

/**
 * VICTIM_FAILURE_ENDS_ALL: after a hook has failed for a victim nothing succeeds until the call ends, as
 * if there were no more victims and no more places. Other devices may still be asked to swap out.
 */
export class VictimFailures {
  #subject: BufferView | null = null;
  #placement: PreparedPlacement | null = null;
  #device: DeviceView | null = null;
  #errno = 0;
  #subjectLeaves = false;

  /** Begins a call for a buffer, with its places. */
  begin(subject: BufferView | null, placement: PreparedPlacement | null = null): void {
    this.#subject = subject;
    this.#placement = placement;
    this.#subjectLeaves = false;
    this.forget();
  }

  /** A buffer is evicted for another one, or moved to make room for itself. */
  leaves(buffer: BufferView): void {
    if (buffer === this.#subject) this.#subjectLeaves = true;
  }

  /** Records that a hook failed for a buffer. */
  note(buffer: BufferView, device: BoDevice, errno: number): void {
    if (buffer === this.#subject && !this.#subjectLeaves) return;
    this.#device = device;
    this.#errno = errno;
    if (this.#placement !== null) (this.#placement.busyPlaces as unknown[]).length = 0;
  }

  /** Clears the failure, since the call continues. */
  forget(): void {
    this.#device = null;
    this.#errno = 0;
  }

  /** The errno of the failed victim; 0 if none failed. */
  get errno(): number {
    return this.#errno;
  }

  /** The errno of the failed victim on this device. */
  errnoOn(device: DeviceView | undefined): number {
    return device === this.#device ? this.#errno : 0;
  }

  /** Ends the walks of a device after a failure, also those of swapouts; `walked` is called for each walk. */
  watch(policy: EvictionPolicy, device: BoDevice, walked: () => void): void {
    const walks = policy as unknown as Record<string, (memoryType: string, ...rest: unknown[]) => EvictionCursor>;
    for (const name of ["candidates", "candidatesWithPages"]) {
      const begin = walks[name]?.bind(policy);
      if (begin === undefined) continue;
      walks[name] = (memoryType, ...rest) => {
        walked();
        // Swapouts begin with SYSTEM: another device has freed pages, and all are tried again.
        if (memoryType === "system" && this.errnoOn(device) !== 0) this.forget();
        const cursor = begin(memoryType, ...rest);
        return { next: () => this.errnoOn(device) === 0 ? cursor.next() : -1, close: () => cursor.close() };
      };
    }
  }
}
