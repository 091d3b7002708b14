import { optionNames } from "../base/arguments.ts";
import type { Caching } from "../base/caching.ts";

/** One place where a buffer may be (`ttm_place`). */
export interface Place {
  /** Name of the memory type, for example `"vram"`. */
  readonly memoryType: string;
  /** First page that may be used. @default {0} */
  readonly fpfn?: number;
  /** End of the range: the first page that may not be used; 0 means the end of the memory type. @default {0} */
  readonly lpfn?: number;
  /** Allowed caching attributes. @default {all} */
  readonly caching?: readonly Caching[];
  /** Allocate from the highest address down. @default {false} */
  readonly topDown?: boolean;
  /**
   * The pages must be adjacent; a resource allocated without this is not compatible with such a place. @default {false}
   */
  readonly contiguous?: boolean;
  /**
   * Marks the intermediate place of a move: a resource here satisfies no placement, so the next validation moves the
   * buffer on. @default {false}
   */
  readonly temporary?: boolean;
}

/**
 * Where a buffer may be, in order of preference (`ttm_placement`). Two empty lists free its resource and discard its
 * contents.
 */
export interface Placement {
  /** Tried first, without evicting. */
  readonly placement: readonly Place[];
  /** Tried if no place of `placement` has room, evicting other buffers. @default {the same places} */
  readonly busyPlacement?: readonly Place[];
}

export const PLACEMENT: ReadonlySet<string> = optionNames<Placement>({ placement: true, busyPlacement: true });
export const PLACE: ReadonlySet<string> = optionNames<Place>({
  memoryType: true,
  fpfn: true,
  lpfn: true,
  caching: true,
  topDown: true,
  contiguous: true,
  temporary: true,
});
