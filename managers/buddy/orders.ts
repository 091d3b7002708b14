// A table, because ** is a call.
const POWERS = Float64Array.from({ length: 64 }, (_, order) => 2 ** order);
const WORD = 2 ** 32;

/** The chunks in a block of an order. */
export function powerOfTwo(order: number): number {
  return POWERS[order] as number;
}

/** The largest order whose blocks are at most this many chunks. */
export function floorLog2(chunks: number): number {
  return chunks < WORD ? 31 - Math.clz32(chunks) : 63 - Math.clz32(chunks / WORD);
}

/** The smallest order whose blocks are at least this many chunks. */
export function ceilLog2(chunks: number): number {
  const order = floorLog2(chunks);
  return powerOfTwo(order) === chunks ? order : order + 1;
}

/** Rounds up to a multiple of a power of two. */
export function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

/** Rounds down to a multiple of a power of two. */
export function roundDown(value: number, to: number): number {
  return Math.floor(value / to) * to;
}
