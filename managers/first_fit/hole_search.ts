import type { HoleQuery } from "./hole_query.ts";
import type { HoleIndexes } from "./hole_indexes.ts";
import type { HoleTable } from "./hole_table.ts";
import { NONE, type Side } from "./hole_tree.ts";
import type { HoleSortKey, SearchOrder } from "./range_requests.ts";

/** Entries after which a search that may be long gives up, */
const PATIENCE = 64;

/** unless there are so few holes that no search is long. */
const FEW = 256;

/** By what the holes are sorted for an order. */
export function sortKeyOf(order: SearchOrder): HoleSortKey {
  return order === "best" ? "size" : order === "evict" ? "recency" : "address";
}

/**
 * The row of the first hole in an order that takes a request; {@linkcode NONE} if none does. Most searches are short, so
 * the trees learn more, which makes every change dearer, only when one is not.
 */
export function findHole(query: HoleQuery, order: SearchOrder, holes: HoleTable, indexes: HoleIndexes): number {
  const key = sortKeyOf(order);
  const side: Side = order === "highest" || order === "evict" ? 1 : 0;
  if (query.isPlain) return query.search(holes, indexes.by(key), side);
  query.useColumn(holes, holes.boundFor(query.alignment, query.color));
  const isShort = query.exact && (key === "address" || !query.limited);
  query.patience = isShort || holes.count <= FEW ? Infinity : PATIENCE;
  const row = query.search(holes, indexes.by(key), side);
  if (row !== NONE || !query.gaveUp) return row;
  query.useColumn(holes, indexes.columnFor(query.alignment, query.color));
  query.patience = Infinity;
  if (query.limited && key !== "address") {
    // By address a limited search is always O(log n), so ask there first whether the slower one is worth while.
    if (query.search(holes, indexes.by("address"), 0) === NONE) return NONE;
    indexes.trackLimits();
  }
  return query.search(holes, indexes.by(key), side);
}
