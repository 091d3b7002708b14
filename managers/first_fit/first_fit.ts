import type { MemTypeManager } from "@ttm/core";
import { checkOptions, checkWord, optionNames } from "@ttm/core/arguments";
import { makeRangeManager, type RangeManagerOptions } from "./range_manager.ts";
import type { SearchOrder } from "./range_requests.ts";

const NAME = "first-fit";
const ORDERS: readonly SearchOrder[] = ["lowest", "best", "evict"];

/** Options of {@linkcode firstFit}. */
export interface FirstFitOptions extends RangeManagerOptions {
  /**
   * In which order holes are tried, except for requests from the top down: by address, by size as
   * {@linkcode rangeManager} does, or the one made last first. @default {"lowest"}
   */
  readonly order?: "lowest" | "best" | "evict";
}

const OPTIONS = optionNames<FirstFitOptions>({ order: true, scan: true });

/**
 * Makes a manager that gives each buffer one range of pages: the lowest one that fits, or the highest if the request is
 * `topDown`. Every range is contiguous. It answers a handle or `NO_ROOM`.
 *
 * @param options The order of the search, and how victims are chosen when no hole fits.
 * @returns A manager that requires a call of {@linkcode MemTypeManager.init} first; any other call before it, or with a
 * handle that it did not give, is a `TtmError` `EINVAL`.
 * @throws {TtmError} `EINVAL` if `order` is none of the three words, or `scan` is no boolean.
 *
 * @example The lowest hole that fits, and from the top down
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { firstFit } from "@ttm/first-fit";
 *
 * const manager = firstFit();
 * manager.init(100);
 * const request = { pages: 10, alignment: 16, fpfn: 0, lpfn: Infinity, topDown: true, contiguous: false };
 * manager.allocate(request);
 * manager.allocate({ ...request, alignment: 1, topDown: false });
 * assertEquals(manager.debug(), "[0, 10) used\n[10, 80) free\n[80, 90) used\n[90, 100) free");
 * ```
 */
export function firstFit(options: FirstFitOptions = {}): MemTypeManager {
  checkOptions(`make a ${NAME} manager`, options, OPTIONS, "options");
  const { order = "lowest" } = options;
  checkWord(`make a ${NAME} manager`, "order", order, ORDERS);
  return makeRangeManager(NAME, order, options);
}
