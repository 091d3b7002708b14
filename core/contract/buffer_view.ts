import type { ManagerNode } from "./mem_type_manager.ts";
import type { Place } from "./placement.ts";
import type { TranslationTable } from "./translation_table.ts";

/** What a buffer is for (`ttm_bo_type`). */
export type BufferKind = "device" | "kernel" | "sg";

/**
 * A buffer as drivers, policies and tracers see it: what it is and where, and nothing that could change it. Its members
 * tell what is true at the time of the call.
 */
export interface BufferView {
  /** Number of the buffer, from 0 in order of creation in its device. */
  readonly id: number;
  /** The name given at creation. */
  readonly label: string | undefined;
  /** What the memory is for. */
  readonly kind: BufferKind;
  /** Size in bytes as asked for. */
  readonly bytes: number;
  /** Size in pages of 4096 bytes. */
  readonly pages: number;
  /** Alignment of its start, in pages. */
  readonly alignment: number;
  /** Priority, 0 to 3. */
  readonly priority: number;
  /** Name of the memory type that the buffer is in; null before it is first validated and after a purge. */
  readonly memoryType: string | null;
  /** First page in its memory type; 0 in SYSTEM, null without a place. */
  readonly start: number | null;
  /** Where the device sees the buffer, in bytes; null without a place and in SYSTEM. */
  readonly gpuAddress: number | null;
  /** The place of the placement that the present resource was made for; null without one. */
  readonly place: Place | null;
  /** The node that its memory type's manager made for it; null in SYSTEM and without a place. */
  readonly node: ManagerNode | null;
  /** The host pages; null in device-resident memory. */
  readonly tt: TranslationTable | null;
  /** How often it is pinned. */
  readonly pins: number;
  /** Whether somebody holds its reservation. */
  readonly reserved: boolean;
  /** Whether submitted work or a move still uses it. */
  readonly busy: boolean;
  /** Whether its pages are in the swap store; they come back when they are needed. */
  readonly swapped: boolean;
  /** How many grabs keep its submission back, as `BufferObject.grabForCpuWrite`. */
  readonly cpuWriters: number;
  /** Whether the last user has left; submitted work may still keep its memory. */
  readonly disposed: boolean;
  /** Whether it is no buffer but the old place of one, held until the copy out of it has ended. */
  readonly isGhost: boolean;
  /** For messages: number, label, and what is left of it. */
  toString(): string;
}
