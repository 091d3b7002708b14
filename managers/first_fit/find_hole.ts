import type { Fit } from "./fit.ts";
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
export function findHole(fit: Fit, order: SearchOrder, holes: HoleTable, indexes: HoleIndexes): number {
  const key = sortKeyOf(order);
  const side: Side = order === "highest" || order === "evict" ? 1 : 0;
  if (fit.isPlain) return fit.search(holes, indexes.by(key), side);
  fit.useColumn(holes, holes.boundFor(fit.alignment, fit.color));
  const isShort = fit.exact && (key === "address" || !fit.limited);
  fit.patience = isShort || holes.count <= FEW ? Infinity : PATIENCE;
  const row = fit.search(holes, indexes.by(key), side);
  if (row !== NONE || !fit.gaveUp) return row;
  fit.useColumn(holes, indexes.columnFor(fit.alignment, fit.color));
  fit.patience = Infinity;
  if (fit.limited && key !== "address") {
    // By address a limited search is always O(log n), so ask there first whether the slower one is worth while.
    if (fit.search(holes, indexes.by("address"), 0) === NONE) return NONE;
    indexes.trackLimits();
  }
  return fit.search(holes, indexes.by(key), side);
}
