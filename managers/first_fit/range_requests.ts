import {
  checkArray,
  checkBoolean,
  checkInteger,
  checkOptions as checkNames,
  checkWord,
  optionNames,
} from "@ttm/core/arguments";

/**
 * The order in which holes are tried; the first one that fits the request is used.
 *
 * - `"best"`: the smallest hole first, among equals the one made last;
 * - `"lowest"`: from the lowest address up;
 * - `"highest"`: from the highest address down, and the node goes to the high end of its hole;
 * - `"evict"`: the hole made last first, so that the space of a victim is used at once.
 */
export type SearchOrder = "best" | "lowest" | "highest" | "evict";

/** Every {@linkcode SearchOrder}. */
export const SEARCH_ORDERS: readonly SearchOrder[] = ["best", "lowest", "highest", "evict"];

/** The order in which {@linkcode RangeAllocator.holes} lists the holes. */
export type HoleSortKey = "address" | "size" | "recency";

/** Every {@linkcode HoleSortKey}. */
export const HOLE_SORT_KEYS: readonly HoleSortKey[] = ["address", "size", "recency"];

/**
 * A range allocated by a {@linkcode RangeAllocator}. Addresses and sizes are in the caller's units, for example pages.
 */
export interface RangeNode {
  /** First unit. */
  readonly start: number;
  /** Size in units, at least 1. */
  readonly size: number;
  /** The colour of its request. */
  readonly color: number;
  /** Its handle; 0 once it is freed. */
  readonly handle: number;
}

/** A free range between two nodes, or between a node and an end of the space. */
export interface RangeHole {
  /** First unit. */
  readonly start: number;
  /** Size in units, at least 1. */
  readonly size: number;
}

/** Options of a {@linkcode RangeAllocator}. */
export interface RangeAllocatorOptions {
  /** First unit of the space, 0 to 2^53 - 1. @default {0} */
  readonly start?: number;
  /** Units in the space, at least 1; `start + size` is at most 2^53 - 1. */
  readonly size: number;
  /** The orders that {@linkcode RangeAllocator.insert} may ask for; at least one. The first is its default. */
  readonly orders: readonly SearchOrder[];
  /**
   * Keep one unit free between neighbours of different colours, as for hardware that prefetches beyond the end of a
   * range. Nodes of {@linkcode RangeAllocator.reserve} keep the distance too. @default {false}
   */
  readonly guardColors?: boolean;
}

/** A request of {@linkcode RangeAllocator.insert}. */
export interface InsertRequest {
  /** Units, 0 to 2^53 - 1. A request for 0 always returns null. */
  readonly size: number;
  /** The start is a multiple of this, 0 to 2^53 - 1, not only powers of two; 0 and 1 mean no alignment. @default {1} */
  readonly alignment?: number;
  /** With guarded colours, only nodes of the same colour may be adjacent; 0 to 2^53 - 1. @default {0} */
  readonly color?: number;
  /** First unit that may be used, 0 to 2^53 - 1. @default {0} */
  readonly lo?: number;
  /** First unit after the range that may be used: `lo` to 2^53 - 1, or `Infinity`. @default {Infinity} */
  readonly hi?: number;
  /** One of the allocator's orders. Defaults to the first of them. */
  readonly order?: SearchOrder;
}

/** A request of {@linkcode RangeAllocator.reserve}. */
export interface ReserveRequest {
  /** First unit, 0 to 2^53 - 1. */
  readonly start: number;
  /** Units, 0 to 2^53 - 1. A request for 0 always returns null. */
  readonly size: number;
  /** As in {@linkcode InsertRequest.color}. @default {0} */
  readonly color?: number;
}

const MAX = Number.MAX_SAFE_INTEGER;
const ALLOCATOR = optionNames<RangeAllocatorOptions>({ start: true, size: true, orders: true, guardColors: true });
const INSERT = optionNames<InsertRequest>({
  size: true,
  alignment: true,
  color: true,
  lo: true,
  hi: true,
  order: true,
});
const RESERVE = optionNames<ReserveRequest>({ start: true, size: true, color: true });

/** @throws {TtmError} `EINVAL` if the options violate {@linkcode RangeAllocatorOptions}. */
export function checkOptions(options: RangeAllocatorOptions): void {
  const what = "make a range allocator";
  checkNames(what, options, ALLOCATOR, "options");
  const { start = 0, size, orders, guardColors = false } = options;
  checkInteger(what, "start", start, 0, MAX - 1);
  checkInteger(what, "size", size, 1, MAX - start);
  checkArray(what, "orders", orders);
  checkInteger(what, "the number of orders", orders.length, 1, SEARCH_ORDERS.length);
  for (const order of orders) checkWord(what, "each order", order, SEARCH_ORDERS);
  checkBoolean(what, "guardColors", guardColors);
}

/** @throws {TtmError} `EINVAL` if the request has members that {@linkcode InsertRequest} does not have. */
export function checkNamesOf(what: string, request: InsertRequest): void {
  checkNames(what, request, INSERT, "the request");
}

/** @throws {TtmError} `EINVAL` if a member violates {@linkcode InsertRequest}; `what` names the call. */
export function checkRequest(what: string, size: number, alignment: number, lo: number, hi: number): void {
  checkInteger(what, "size", size, 0, MAX);
  checkInteger(what, "alignment", alignment, 0, MAX);
  checkInteger(what, "lo", lo, 0, MAX);
  if (hi !== Infinity) checkInteger(what, "hi", hi, lo, MAX);
}

/** @throws {TtmError} `EINVAL` if the request violates {@linkcode ReserveRequest}. */
export function checkReserve(request: ReserveRequest): void {
  const what = "reserve a range";
  checkNames(what, request, RESERVE, "the request");
  const { start, size, color = 0 } = request;
  checkInteger(what, "start", start, 0, MAX);
  checkInteger(what, "size", size, 0, MAX);
  checkInteger(what, "color", color, 0, MAX);
}
