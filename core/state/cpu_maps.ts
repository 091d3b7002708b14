import type { MemoryType } from "../resource/memory_type.ts";

/** An I/O window of the CPU on a range of a memory type; it is reserved once and counts its uses. */
export interface IoWindow {
  readonly type: MemoryType;
  readonly start: number;
  readonly pages: number;
  readonly bytes: Uint8Array;
  /** Number of uses. */
  count: number;
}

/** A user map; its pages are faulted in on access. */
interface MapOfUser {
  /** The mapped pages, by their index in the buffer. */
  readonly present: ReadonlyMap<number, Uint8Array>;
  /** Unmaps all pages. */
  zap(): void;
}

/** A kernel map, which ends when the buffer moves. */
interface MapOfKernel {
  readonly bytes: Uint8Array;
  readonly isIoMemory: boolean;
  end(): void;
}

/** The current CPU maps of a buffer. */
export class Mappings {
  readonly users: Set<MapOfUser> = new Set();
  readonly kernel: Set<MapOfKernel> = new Set();
  /** The I/O window on the buffer's resource; null while no map uses one. */
  io: IoWindow | null = null;
  /** Number of CPU write grabs, which block submissions. */
  writers = 0;
  /** Number of its references that user maps and grabs hold. */
  keepers = 0;
  /** First page of the buffer's range of mmap offsets; -1 until one is allocated. */
  firstOffset = -1;
}
