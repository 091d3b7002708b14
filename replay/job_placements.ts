import type { BoDevice, BufferObject, Placement, PreparedPlacement } from "@ttm/core";
import type { MemoryRoles } from "./compose.ts";

/**
 * Where the buffers of a job are to be: in fast memory, as many of them as it has pages for, and in the fallback the
 * others.
 */
export class JobPlacements {
  /**
   * For a job that finds no room in this way, since what is free is in pieces: all that has to be brought anyway goes to
   * fast memory if it has room, others that leave it included, else to the fallback; null without a fallback.
   */
  readonly wherever: PreparedPlacement | null;
  #device: BoDevice;
  #fast: string;
  #inFast: PreparedPlacement;
  #inFallback: PreparedPlacement;

  /** Placements for one device. */
  constructor(device: BoDevice, { fast, fallback }: MemoryRoles) {
    const among = (...memoryTypes: string[]): Placement => ({
      placement: memoryTypes.map((memoryType) => ({ memoryType })),
    });
    this.#device = device;
    this.#fast = fast;
    this.#inFast = device.preparePlacement(among(fast));
    this.#inFallback = fallback === null ? this.#inFast : device.preparePlacement(among(fallback));
    this.wherever = fallback === null
      ? null
      : device.preparePlacement({ ...among(fast), busyPlacement: among(fast, fallback).placement });
  }

  /** A placement for each buffer. Those in fast memory stay there; of the others those go there that come first. */
  of(buffers: readonly BufferObject[]): PreparedPlacement[] {
    const isThere = ({ memoryType }: BufferObject) => memoryType === this.#fast;
    let left = this.#device.usage(this.#fast).pages;
    for (const buffer of buffers) if (isThere(buffer)) left -= buffer.pages;
    return buffers.map((buffer) => {
      if (isThere(buffer)) return this.#inFast;
      if (buffer.pages > left) return this.#inFallback;
      left -= buffer.pages;
      return this.#inFast;
    });
  }
}
