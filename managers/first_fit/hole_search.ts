import type { HoleQuery } from "./hole_query.ts";
import type { HoleIndexes } from "./hole_indexes.ts";
import type { HoleTable } from "./hole_table.ts";
import type { Side } from "./tree_nodes.ts";
import { NONE } from "./span_ring.ts";
import type { HoleSortKey, SearchOrder } from "./range_requests.ts";

/** A search that may be long gives up after this many entries, */
const PATIENCE = 64;

/** unless there are at most this many holes, so that no search is long. */
const FEW = 256;

/** The sort key of the holes for an order. */
export function sortKeyOf(order: SearchOrder): HoleSortKey {
  return order === "best" ? "size" : order === "evict" ? "recency" : "address";
}

/** The end from which an order tries the holes. */
export function sideOf(order: SearchOrder): Side {
  return order === "highest" || order === "evict" ? 1 : 0;
}

/**
 * The row of the first hole in an order that fits a request, which is not plain; {@linkcode NONE} if none does. Most searches are short, so
 * the trees get another column, which makes every change more expensive, only after a long search.
 */
export function findHole(query: HoleQuery, order: SearchOrder, holes: HoleTable, indexes: HoleIndexes): number {
  const key = sortKeyOf(order);
  const side = sideOf(order);
  query.useColumn(holes, holes.boundFor(query.alignment, query.color));
  const isShort = query.exact && (key === "address" || !query.limited);
  query.patience = isShort || indexes.count <= FEW ? Infinity : PATIENCE;
  const row = query.search(holes, indexes.by(key), side);
  if (row !== NONE || !query.gaveUp) return row;
  query.useColumn(holes, indexes.columnFor(query.alignment, query.color));
  query.patience = Infinity;
  if (query.limited && key !== "address") {
    // A limited search by address is always O(log n), so it decides first whether the slower search can succeed.
    if (query.search(holes, indexes.by("address"), 0) === NONE) return NONE;
    indexes.trackLimits();
  }
  return query.search(holes, indexes.by(key), side);
}
