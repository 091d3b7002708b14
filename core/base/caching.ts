/** How the CPU maps pages: cached, uncached or write-combined. */
export type Caching = "cached" | "uncached" | "wc";

export const CACHED = 1;
export const UNCACHED = 2;
export const WRITE_COMBINED = 4;
export const ANY_CACHING: number = CACHED | UNCACHED | WRITE_COMBINED;

const bits: Readonly<Record<Caching, number>> = { cached: CACHED, uncached: UNCACHED, wc: WRITE_COMBINED };

/** The mask of some caching attributes; 0 if one of them is unknown. */
export function cachingMask(attributes: readonly Caching[]): number {
  if (!Array.isArray(attributes)) return 0;
  let mask = 0;
  for (const attribute of attributes as readonly Caching[]) {
    if (!Object.hasOwn(bits, attribute)) return 0;
    mask |= bits[attribute];
  }
  return mask;
}

/** The name of one caching bit. */
export function cachingName(bit: number): Caching {
  return bit === CACHED ? "cached" : bit === UNCACHED ? "uncached" : "wc";
}

/**
 * Chooses one caching bit: the current one if allowed, else the memory type's default, else cached, write-combined,
 * uncached in this order (`ttm_bo_select_caching`). `allowed` must not be 0.
 */
export function selectCaching(current: number, preferred: number, allowed: number): number {
  if ((current & allowed) !== 0) return current;
  if ((preferred & allowed) !== 0) return preferred;
  if ((allowed & CACHED) !== 0) return CACHED;
  return (allowed & WRITE_COMBINED) !== 0 ? WRITE_COMBINED : UNCACHED;
}
