import { at } from "../at.ts";
import type { Run } from "../run.ts";
import type { Grouping } from "./groups.ts";
import { AGE_FILLS, ageShare, onStripe } from "./palette.ts";
import { BLOCK, type StayIndex } from "./stay_index.ts";

/** Pixels as a canvas has them, row by row from the top. */
export interface Picture {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** The part of an address space over time that a picture shows; address 0 is at the bottom. */
export interface Frame {
  readonly from: number;
  readonly until: number;
  /** First page, and the first that is not shown. */
  readonly low: number;
  readonly high: number;
}

/** Pixels of a picture, from the first to before the last. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A rectangle with at least as many pixels on each side has an edge, so that neighbours can be told apart. */
const EDGED = 5;
/** Up to so many pixels a loop is faster than fill(). */
const NARROW = 48;

/**
 * Draws the stays of a memory type as rectangles, each at least one pixel. Visits the stays of the part of time, and a
 * few more: the time that it takes grows with their number and that of the pixels.
 *
 * @param which The number of the run in the grouping.
 */
export function drawStays(
  picture: Picture,
  frame: Frame,
  run: Run,
  index: StayIndex,
  which: number,
  by: Grouping,
): void {
  const { width, height } = picture;
  const [ofBuffer, fills] = [by.ofBuffers[which] as Int32Array, by.groups.map(({ fill }) => fill)];
  const [scaleX, scaleY] = [width / (frame.until - frame.from), height / (frame.high - frame.low)];
  const { from, until, low, high, buffer, ends } = index;
  for (let place = 0; place < from.length && at(from, place) <= frame.until; place++) {
    if (place % BLOCK === 0 && at(ends, place / BLOCK) < frame.from) {
      place += BLOCK - 1;
      continue;
    }
    if (at(until, place) < frame.from || at(high, place) <= frame.low || at(low, place) >= frame.high) continue;
    const start = Math.min(width - 1, Math.round((at(from, place) - frame.from) * scaleX));
    const end = Math.max(start + 1, Math.round((at(until, place) - frame.from) * scaleX));
    const lowest = Math.max(1, height - Math.round((at(low, place) - frame.low) * scaleY));
    const highest = Math.min(lowest - 1, height - Math.round((at(high, place) - frame.low) * scaleY));
    const box = {
      ...{ left: Math.max(start, 0), right: Math.min(end, width) },
      ...{ top: Math.max(highest, 0), bottom: Math.min(lowest, height) },
    };
    if (by.by === "age") {
      const born = at(run.buffers.created, at(buffer, place));
      fillByAge(picture, box, (born - frame.from) * scaleX, run.duration * scaleX);
    } else {
      const fill = fills[at(ofBuffer, at(buffer, place))];
      fillBox(picture, box, fill?.pixel ?? 0);
      if (fill !== undefined && fill.stripes !== 0) darkenStripes(picture, box, fill.stripes);
    }
    if (end - start >= EDGED && lowest - highest >= EDGED) drawEdge(picture, box);
  }
}

function fillBox({ pixels, width }: Picture, { left, right, top, bottom }: Box, pixel: number): void {
  for (let y = top; y < bottom; y++) {
    const [first, last] = [y * width + left, y * width + right];
    if (right - left > NARROW) pixels.fill(pixel, first, last);
    else for (let at = first; at < last; at++) pixels[at] = pixel;
  }
}

/** Fills each age's part of a rectangle: the age of the buffer grows from left to right. */
function fillByAge(picture: Picture, box: Box, bornAt: number, columns: number): void {
  const { left, right } = box;
  for (const [age, { pixel }] of AGE_FILLS.entries()) {
    const [young, old] = [ageShare(age), ageShare(age + 1)].map((share) => Math.round(bornAt + share * columns));
    const part = { ...box, left: Math.max(left, young as number), right: Math.min(right, old as number) };
    if (part.left < part.right) fillBox(picture, part, pixel);
  }
}

function darkenStripes({ pixels, width }: Picture, { left, right, top, bottom }: Box, stripes: number): void {
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (onStripe(stripes, x, y)) pixels[y * width + x] = darker(pixels[y * width + x] as number);
    }
  }
}

/** A dark line at the end of the stay and at its highest address. */
function drawEdge({ pixels, width }: Picture, { left, right, top, bottom }: Box): void {
  for (let x = left; x < right; x++) pixels[top * width + x] = darker(pixels[top * width + x] as number);
  for (let y = top + 1; y < bottom; y++) {
    const last = y * width + right - 1;
    pixels[last] = darker(pixels[last] as number);
  }
}

/** A pixel of half the brightness. */
function darker(pixel: number): number {
  return (((pixel >>> 1) & 0x7f7f7f) | 0xff000000) >>> 0;
}
