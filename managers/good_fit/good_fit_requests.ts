import { checkBoolean, checkInteger, checkOptions as checkNames, optionNames } from "@ttm/core/arguments";

/** The highest end of a space, so that all its numbers fit into 32 bits. */
export const MAX_UNITS: number = 2 ** 31 - 1;

const MAX = Number.MAX_SAFE_INTEGER;

/** What {@linkcode GoodFitAllocator.insert} allocates. Units are the caller's, for example pages. */
export interface GoodFitNode {
  /** First unit. */
  readonly start: number;
  /** Size in units, at least 1. */
  readonly size: number;
}

/** A range, as {@linkcode GoodFitAllocator.nodes} and {@linkcode GoodFitAllocator.holes} list them. */
export interface GoodFitRange {
  /** First unit. */
  readonly start: number;
  /** Size in units, at least 1. */
  readonly size: number;
}

/** Options of a {@linkcode GoodFitAllocator}. */
export interface GoodFitOptions {
  /** First unit of the space, 0 to 2^31 - 2. @default {0} */
  readonly start?: number;
  /** Units in the space, at least 1; `start + size` is at most 2^31 - 1. */
  readonly size: number;
}

/** A request of {@linkcode GoodFitAllocator.take} and {@linkcode GoodFitAllocator.insert}. */
export interface GoodFitRequest {
  /** Units, 0 to 2^53 - 1. A request for 0 never succeeds. */
  readonly size: number;
  /** The start is a multiple of this, 0 to 2^53 - 1, not only powers of two; 0 and 1 mean no alignment. @default {1} */
  readonly alignment?: number;
  /** First unit that may be used, 0 to 2^53 - 1. @default {0} */
  readonly lo?: number;
  /** First unit after the range that may be used: `lo` to 2^53 - 1, or `Infinity`. @default {Infinity} */
  readonly hi?: number;
  /** Use the highest address that fits. @default {false} */
  readonly topDown?: boolean;
}

const ALLOCATOR = optionNames<GoodFitOptions>({ start: true, size: true });
const REQUEST = optionNames<GoodFitRequest>({ size: true, alignment: true, lo: true, hi: true, topDown: true });

/** @throws {TtmError} `EINVAL` if the options violate {@linkcode GoodFitOptions}. */
export function checkOptions(options: GoodFitOptions): void {
  const what = "make a good-fit allocator";
  checkNames(what, options, ALLOCATOR, "options");
  const { start = 0, size } = options;
  checkInteger(what, "start", start, 0, MAX_UNITS - 1);
  checkInteger(what, "size", size, 1, MAX_UNITS - start);
}

/**
 * @throws {TtmError} `EINVAL` if the value is no request, or has members that {@linkcode GoodFitRequest} does not have.
 */
export function checkNamesOf(what: string, request: GoodFitRequest): void {
  checkNames(what, request, REQUEST, "the request");
}

/** @throws {TtmError} `EINVAL` if a member violates {@linkcode GoodFitRequest}; `what` names the call. */
export function checkRequest(
  what: string,
  size: number,
  alignment: number,
  lo: number,
  hi: number,
  topDown: boolean,
): void {
  checkInteger(what, "size", size, 0, MAX);
  checkInteger(what, "alignment", alignment, 0, MAX);
  checkInteger(what, "lo", lo, 0, MAX);
  if (hi !== Infinity) checkInteger(what, "hi", hi, lo, MAX);
  checkBoolean(what, "topDown", topDown);
}
