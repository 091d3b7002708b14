import type { Place } from "./placement.ts";
import type { TranslationTable } from "./translation_table.ts";

/** What a buffer is for (`ttm_bo_type`). */
export type BufferKind = "device" | "kernel" | "sg";

/**
 * A read-only view of a buffer object for drivers, eviction policies and tracers. Its members give the state at the
 * time of the call.
 */
export interface BufferView {
  /** Number of the buffer, from 0 in order of creation in its device. */
  readonly id: number;
  /** The name given at creation, if any. */
  readonly label: string | undefined;
  /** What the buffer is for. */
  readonly kind: BufferKind;
  /** What its creator told the driver about it, see `BufferOptions.driverOptions`. */
  readonly driverOptions: object | undefined;
  /** Size in bytes, as requested. */
  readonly bytes: number;
  /** Size in pages of 4096 bytes. */
  readonly pages: number;
  /** Alignment of its start, in pages. */
  readonly alignment: number;
  /** Priority, 0 to 3. */
  readonly priority: number;
  /** Name of the memory type that the buffer is in; null before it is first validated and after a purge. */
  readonly memoryType: string | null;
  /**
   * First page of its resource in the memory type, or its handle if the manager has no addresses; 0 in SYSTEM, null
   * without a resource.
   */
  readonly start: number | null;
  /** GPU address in bytes; null in SYSTEM and without a resource. */
  readonly gpuAddress: number | null;
  /** The place of the placement for which its resource was allocated; null without a resource. */
  readonly place: Place | null;
  /** What its memory type's manager calls its pages, 1 to 2^31 - 1; 0 in SYSTEM and without a resource. */
  readonly handle: number;
  /** The translation table with its host pages; null in device-resident memory. */
  readonly tt: TranslationTable | null;
  /** Number of pins. */
  readonly pins: number;
  /** Whether its reservation is held. */
  readonly reserved: boolean;
  /** Whether it has pending fences, of submitted work or of a move. */
  readonly busy: boolean;
  /** Whether its pages are in the swap store; they are read back when they are needed. */
  readonly swapped: boolean;
  /**
   * Whether a store has its contents under a key of the caller's (`BufferOptions.stored`): evicting it from
   * device-resident memory copies nothing, and swapping it out writes nothing.
   */
  readonly clean: boolean;
  /** Number of CPU write grabs that keep it out of submissions, see `BufferObject.grabForCpuWrite`. */
  readonly cpuWriters: number;
  /** Whether its last reference was dropped; submitted work may still keep its memory. */
  readonly disposed: boolean;
  /** Whether it is a ghost object, which holds the old resource of a buffer until the work that uses it has ended. */
  readonly isGhost: boolean;
  /** For messages: number and label, and whether it is dying or a ghost object. */
  toString(): string;
}
