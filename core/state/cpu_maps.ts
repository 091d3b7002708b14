import type { MemoryType } from "./memory_type.ts";

/** A window of the CPU on a range of a memory type, reserved once however often it is used. */
export interface IoWindow {
  readonly type: MemoryType;
  readonly start: number;
  readonly pages: number;
  readonly bytes: Uint8Array;
  /** How many use it. */
  count: number;
}

/** A map of a user, whose pages come back by a fault. */
interface MapOfUser {
  /** The pages that can be touched, by their number in the buffer. */
  readonly present: ReadonlyMap<number, Uint8Array>;
  /** Takes the pages away. */
  zap(): void;
}

/** A map of the kernel, which ends for good when the buffer leaves its place. */
interface MapOfKernel {
  readonly bytes: Uint8Array;
  readonly isIoMemory: boolean;
  end(): void;
}

/** What the CPU has mapped of a buffer at present. */
export class Mappings {
  readonly users: Set<MapOfUser> = new Set();
  readonly kernel: Set<MapOfKernel> = new Set();
  /** The window on the place of the buffer; null while nobody maps it through one. */
  io: IoWindow | null = null;
  /** How many write to it by the CPU and keep it out of submissions. */
  writers = 0;
  /** How many of its users are maps and grabs. */
  keepers = 0;
  /** First page of the range of offsets that names the buffer for users; -1 if nobody has asked for it. */
  firstOffset = -1;
}
