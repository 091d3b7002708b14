import { type Allocation, type AllocationRequest, dumpRanges, type MemTypeManager, TtmError } from "@ttm/core";
import { checkBoolean, checkInteger, checkOptions, checkWord, optionNames } from "@ttm/core/arguments";
import type { RangeScan } from "./range_scan.ts";
import { RangeAllocator } from "./range_allocator.ts";
import type { InsertRequest, RangeNode, SearchOrder } from "./range_requests.ts";

const NAME = "first-fit";
const ORDERS: readonly SearchOrder[] = ["best", "lowest", "evict"];

/** How {@linkcode firstFit} chooses. */
export interface FirstFitOptions {
  /** In which order holes are tried, except for requests from the top down. @default {"best"} */
  readonly order?: "best" | "lowest" | "evict";
  /**
   * Whether neighbours are evicted that make room together ({@linkcode RangeScan}), fewer than there would be by going
   * strictly in the order of eviction, as TTM does wherever their pages are. @default {false}
   */
  readonly scan?: boolean;
}

const OPTIONS = optionNames<FirstFitOptions>({ order: true, scan: true });

/**
 * Makes a manager that gives each buffer one range of pages, choosing like TTM's own range manager
 * (`ttm_range_manager.c`, Linux 6.12): best fit, or the highest address if the request is `topDown`. Every range is
 * contiguous. It answers a node or `"no-room"`, never `"busy"`.
 *
 * @param options The order of the search, and who has to leave when there is no room.
 * @returns A manager that wants {@linkcode MemTypeManager.init} first; any other call before it, or with a node that is
 * not its own, is a `TtmError` `EINVAL`.
 * @throws {TtmError} `EINVAL` if `order` is none of the three words, or `scan` no boolean.
 *
 * @example Best fit, and from the top down
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { firstFit } from "@ttm/first-fit";
 *
 * const manager = firstFit({ order: "best" });
 * manager.init(100);
 * const request = { pages: 10, alignment: 16, fpfn: 0, lpfn: Infinity, topDown: true, contiguous: false };
 * const node = manager.allocate(request);
 * assertEquals(manager.debug(), "[0, 80) free\n[80, 90) used\n[90, 100) free");
 * if (typeof node === "object") manager.free(node);
 * assertEquals(manager.takedown(), true);
 * ```
 */
export function firstFit(options: FirstFitOptions = {}): MemTypeManager<RangeNode> {
  checkOptions(`make a ${NAME} manager`, options, OPTIONS, "options");
  const { order = "best", scan = false } = options;
  checkWord(`make a ${NAME} manager`, "order", order, ORDERS);
  checkBoolean(`make a ${NAME} manager`, "scan", scan);
  return new FirstFit(order, scan);
}

class FirstFit implements MemTypeManager<RangeNode> {
  readonly name = NAME;
  readonly scan?: (request: AllocationRequest) => RangeScan;
  #order: SearchOrder;
  #pages: RangeAllocator | null = null;
  // Filled in anew for each request, so that none is allocated.
  #request: { -readonly [Member in keyof InsertRequest]: InsertRequest[Member] };

  constructor(order: SearchOrder, scans: boolean) {
    this.#order = order;
    if (scans) this.scan = (request) => this.#inCharge("scan").scan(this.#insertion(request));
    this.#request = { size: 0, alignment: 1, lo: 0, hi: Infinity, order };
  }

  get usedPages(): number {
    return this.#pages === null ? 0 : this.#pages.size - this.#pages.free;
  }

  init(pages: number): void {
    checkInteger(`set up ${NAME}`, "pages", pages, 1, Number.MAX_SAFE_INTEGER);
    if (this.#pages !== null) {
      throw new TtmError("EINVAL", `Cannot set up ${NAME}: it is in charge of ${this.#pages.size} pages already`);
    }
    this.#pages = new RangeAllocator({ size: pages, orders: [this.#order, "highest"] });
  }

  allocate(request: AllocationRequest): Allocation<RangeNode> {
    return this.#inCharge("allocate pages").insertKnown(this.#insertion(request)) ?? "no-room";
  }

  free(node: RangeNode): void {
    this.#inCharge("free pages").remove(node);
  }

  takedown(): boolean {
    if (this.usedPages > 0) return false;
    this.#pages = null;
    return true;
  }

  debug(): string {
    return this.#pages === null ? "" : dumpRanges(this.#pages.nodes(), this.#pages.holes());
  }

  #insertion(request: AllocationRequest): InsertRequest {
    this.#request.size = request.pages;
    this.#request.alignment = request.alignment;
    this.#request.lo = request.fpfn;
    this.#request.hi = request.lpfn;
    this.#request.order = request.topDown ? "highest" : this.#order;
    return this.#request;
  }

  #inCharge(what: string): RangeAllocator {
    if (this.#pages !== null) return this.#pages;
    throw new TtmError("EINVAL", `Cannot ${what}: ${NAME} is in charge of none, init() comes first`);
  }
}
