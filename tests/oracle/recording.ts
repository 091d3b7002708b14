import { type BufferView, type Caching, type Place, type Placement, TtmError } from "@ttm/core";

/** A place as traces write it. */
export type TracedPlace = readonly [memoryType: number, fpfn: number, lpfn: number, flags: number];

/** The flags of the trace by place; they also choose the list, for which places of the core have no flags. */
const flagsOf: WeakMap<Place, number> = new WeakMap();

/** The memory types by their numbers in traces. */
export const NAMES = ["system", "gtt", "vram", "busy", "full"] as const;
/** Cachings by their numbers in traces. */
export const CACHINGS: readonly Caching[] = ["cached", "wc", "uncached"];
const CONTIGUOUS = 1;
const TOPDOWN = 2;
const TEMPORARY = 4;
const DESIRED = 8;
const FALLBACK = 16;
/** The kernel's number of a code. */
export const ERRNO: Readonly<Record<string, number>> = {
  EIO: -5,
  ENOMEM: -12,
  EBUSY: -16,
  EINVAL: -22,
  ENOSPC: -28,
  EDEADLK: -35,
  EMULTIHOP: -72,
  EALREADY: -114,
};

/** The return code of a call: 0, or the errno of the `TtmError` that it ends with. */
export async function outcomeOf(act: () => unknown, whenFalse = 0): Promise<number> {
  try {
    return (await act()) === false ? whenFalse : 0;
  } catch (error) {
    if (error instanceof TtmError) return ERRNO[error.code] ?? NaN;
    throw error;
  }
}

/** The caching that places of a memory type allow; undefined for any. */
export type CachingAt = (memoryType: string) => Caching | undefined;

/** A placement of two lists: places flagged DESIRED are in the first only, FALLBACK in the second only. */
export function placementOf(places: readonly TracedPlace[], cachingAt?: CachingAt): Placement {
  const list = (skip: number) =>
    places.filter(([, , , flags]) => (flags & skip) === 0).map((place) => placeOf(place, cachingAt));
  return { placement: list(FALLBACK), busyPlacement: list(DESIRED) };
}

/** A place of the core, with its recorded flags stored. */
export function placeOf([type, fpfn, lpfn, flags]: TracedPlace, cachingAt?: CachingAt): Place {
  const memoryType = NAMES[type] ?? "";
  const caching = cachingAt?.(memoryType);
  const place = {
    memoryType,
    fpfn,
    lpfn,
    contiguous: (flags & CONTIGUOUS) !== 0,
    topDown: (flags & TOPDOWN) !== 0,
    temporary: (flags & TEMPORARY) !== 0,
    ...(caching && { caching: [caching] }),
  };
  flagsOf.set(place, flags);
  return place;
}

/** The columns of a buffer up to the flags of its resource. */
export function describe(id: number, buffer: BufferView): number[] {
  const type = buffer.memoryType;
  const { place } = buffer;
  // The core makes the places of hops itself.
  const flags = place === null ? 0 : flagsOf.get(place) ?? (place.temporary === true ? TEMPORARY : 0);
  return [
    id,
    type === null ? -1 : typeNumber(type),
    buffer.start ?? -1,
    buffer.pages,
    buffer.pins,
    buffer.priority,
    type === null ? 0 : flags,
  ];
}

/** Number of a memory type. */
export function typeNumber(name: string): number {
  return (NAMES as readonly string[]).indexOf(name);
}
