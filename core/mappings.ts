import type { KernelMap } from "./kernel_map.ts";
import type { MemoryType } from "./memory_type.ts";
import type { UserMap } from "./user_map.ts";

/** A window of the CPU on a range of a memory type, reserved once however often it is used. */
export interface IoWindow {
  readonly type: MemoryType;
  readonly start: number;
  readonly pages: number;
  readonly bytes: Uint8Array;
  /** How many use it. */
  count: number;
}

/** What the CPU has mapped of a buffer at present. */
export class Mappings {
  /** The maps of users; their pages come back by a fault. */
  readonly users: Set<UserMap> = new Set();
  /** The maps of the kernel; they end for good when the buffer leaves its place. */
  readonly kernel: Set<KernelMap> = new Set();
  /** The window on the place of the buffer; null while nobody maps it through one. */
  io: IoWindow | null = null;
  /** How many write to it by the CPU and keep it out of submissions. */
  writers = 0;
  /** How many of its users are maps and grabs. */
  keepers = 0;
  /** First page of the range of offsets that names the buffer for users; -1 if nobody has asked for it. */
  firstOffset = -1;
}
