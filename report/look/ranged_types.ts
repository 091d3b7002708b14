import { NONE, type Run } from "../run.ts";

/** The memory types with range managers in which buffers were, the ones with most evictions first. */
export function rangedTypes({ types, stays, evictions }: Run): number[] {
  const counts = types.map(() => 0);
  for (const type of evictions.from) if (type !== NONE) counts[type] = (counts[type] ?? 0) + 1;
  const ranged = [...types.keys()].filter((type) => types[type]?.manager !== null && stays.type.includes(type));
  return ranged.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
}
