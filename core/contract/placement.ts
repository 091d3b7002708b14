import { optionNames } from "../base/arguments.ts";
import type { Caching } from "../base/caching.ts";

/** One place where a buffer may live. */
export interface Place {
  /** Name of the memory type, for example `"vram"`. */
  readonly memoryType: string;
  /** First page that may be used. @default {0} */
  readonly fpfn?: number;
  /** First page that may not be used any more; 0 means the end of the memory type. @default {0} */
  readonly lpfn?: number;
  /** Caching attributes that will do. @default {all} */
  readonly caching?: readonly Caching[];
  /** Allocate from the highest address down. @default {false} */
  readonly topDown?: boolean;
  /** The pages must be adjacent; a resource made without this is not compatible with such a place. @default {false} */
  readonly contiguous?: boolean;
  /** A stop on the way: a buffer here is never where it should be, whatever is asked. @default {false} */
  readonly temporary?: boolean;
}

/** Where a buffer may live, in order of preference. Two empty lists mean: nowhere, drop the contents. */
export interface Placement {
  /** Tried first, without evicting anybody. */
  readonly placement: readonly Place[];
  /** Tried when that failed, evicting others. @default {the same places} */
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
