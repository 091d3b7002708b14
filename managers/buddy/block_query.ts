import { TtmError } from "@ttm/core";
import { checkBoolean, checkInteger, checkOptions, optionNames, show } from "@ttm/core/arguments";
import type { BuddyRequest } from "./buddy_request.ts";
import { floorLog2, powerOfTwo } from "./orders.ts";

const REQUEST = optionNames<BuddyRequest>({
  size: true,
  minBlock: true,
  start: true,
  end: true,
  ranged: true,
  topDown: true,
  contiguous: true,
  cleared: true,
  trim: true,
});

/** The request under way, in chunks. One object is filled in anew for each request, so that none is allocated. */
export class BlockQuery {
  size = 0;
  minOrder = 0;
  start = 0;
  end = 0;
  ranged = false;
  topDown = false;
  contiguous = false;
  cleared = false;
  trim = true;

  /** Fills in the query from a request, for a space of `size` units with `chunk` units in each chunk. */
  set(request: BuddyRequest, space: number, chunk: number): void {
    const what = "allocate blocks";
    checkOptions(what, request, REQUEST, "the request");
    const { size, minBlock = chunk, start = 0, end = space, ranged } = request;
    const { topDown = false, contiguous = false, cleared = false, trim = true } = request;
    checkBoolean(what, "topDown", topDown);
    checkBoolean(what, "contiguous", contiguous);
    checkBoolean(what, "cleared", cleared);
    checkBoolean(what, "trim", trim);
    if (ranged !== undefined) checkBoolean(what, "ranged", ranged);
    checkPowerOfTwo(what, "minBlock", minBlock);
    if (minBlock < chunk) throw new TtmError("EINVAL", `Cannot ${what}: minBlock must be at least the chunk, ${chunk}`);
    this.end = toChunks(what, "end", end, 0, space, chunk);
    this.start = toChunks(what, "start", start, 0, space, chunk);
    this.size = toChunks(what, "size", size, chunk, space - start, chunk);
    this.minOrder = floorLog2(minBlock / chunk);
    this.ranged = ranged ?? (request.start !== undefined || request.end !== undefined);
    this.topDown = topDown;
    this.contiguous = contiguous;
    this.cleared = cleared;
    this.trim = trim;
  }
}

/** Requires a power of two up to 2^52. */
export function checkPowerOfTwo(what: string, name: string, value: unknown): number {
  const number = checkInteger(what, name, value, 1, 2 ** 52);
  if (powerOfTwo(floorLog2(number)) === number) return number;
  throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be a power of two, not ${number}`);
}

/** Requires a multiple of the chunk in [min, max], and returns it in chunks. */
export function toChunks(what: string, name: string, value: unknown, min: number, max: number, chunk: number): number {
  const chunks = checkInteger(what, name, value, min, max) / chunk;
  // Chunks are powers of two, so that the quotient is exact; % of numbers beyond 2^31 is a call.
  if (Math.floor(chunks) === chunks) return chunks;
  throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be a multiple of ${chunk}, not ${show(value)}`);
}
