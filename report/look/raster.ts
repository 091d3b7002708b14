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
export interface Window {
  readonly from: number;
  readonly until: number;
  /** First page, and the first that is not shown. */
  readonly low: number;
  readonly high: number;
}

/** Where in a picture times and addresses are. Times become columns by rounding, the same in each frame of one scale. */
export interface Frame {
  /** Columns in a unit of time. */
  readonly scaleX: number;
  /** The number of the first column, counted from the beginning of the run. */
  readonly left: number;
  readonly low: number;
  readonly high: number;
}

/** Whose stays are drawn, and how. */
export interface Scene {
  readonly run: Run;
  readonly index: StayIndex;
  /** The number of the run in the grouping. */
  readonly which: number;
  readonly by: Grouping;
}

/** The frame of a window in a picture of that width. */
export function frameOf(
  { from, until, low, high }: Window,
  width: number,
  scaleX: number = width / (until - from),
): Frame {
  return { scaleX, left: Math.round(from * scaleX), low, high };
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
 * Draws the stays of a memory type as rectangles, each at least one pixel, into the columns from `first` to before `end`.
 * Visits the stays of their part of time, and a few more: the time that it takes grows with their number and that of the
 * pixels.
 */
export function drawStays(picture: Picture, frame: Frame, scene: Scene, first: number, end: number): void {
  const { run, by } = scene;
  const { scaleX, left, low: lowest, high: highest } = frame;
  const { from, until, low, high, buffer, ends } = scene.index;
  const ofBuffer = by.ofBuffers[scene.which] as Int32Array;
  const scaleY = picture.height / (highest - lowest);
  const lastOfRun = Math.max(0, Math.round(run.duration * scaleX) - 1 - left);
  // Rounding moves a rectangle by at most one column, and an empty one is given one.
  const [earliest, latest] = [(left + first - 2) / scaleX, (left + end + 2) / scaleX];
  for (let place = 0; place < from.length && at(from, place) <= latest; place++) {
    if (place % BLOCK === 0 && at(ends, place / BLOCK) < earliest) {
      place += BLOCK - 1;
      continue;
    }
    if (at(until, place) < earliest || at(high, place) <= lowest || at(low, place) >= highest) continue;
    const start = Math.min(lastOfRun, Math.round(at(from, place) * scaleX) - left);
    const behind = Math.max(start + 1, Math.round(at(until, place) * scaleX) - left);
    if (start >= end || behind <= first) continue;
    const below = Math.max(1, picture.height - Math.round((at(low, place) - lowest) * scaleY));
    const top = Math.min(below - 1, picture.height - Math.round((at(high, place) - lowest) * scaleY));
    const box = {
      ...{ left: Math.max(start, first), right: Math.min(behind, end) },
      ...{ top: Math.max(top, 0), bottom: Math.min(below, picture.height) },
    };
    if (by.by === "age") {
      fillByAge(picture, box, at(run.buffers.created, at(buffer, place)) * scaleX - left, run.duration * scaleX);
    } else {
      const fill = by.groups[at(ofBuffer, at(buffer, place))]?.fill;
      fillBox(picture, box, fill?.pixel ?? 0);
      if (fill !== undefined && fill.stripes !== 0) darkenStripes(picture, box, fill.stripes, left);
    }
    const isLarge = behind - start >= EDGED && below - top >= EDGED;
    if (isLarge && top >= 0) darkenTop(picture, box);
    if (isLarge && behind <= end) darkenEnd(picture, box, top >= 0 ? 1 : 0);
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

/** `origin` is the number of the picture's first column. */
function darkenStripes({ pixels, width }: Picture, box: Box, stripes: number, origin: number): void {
  const { left, right, top, bottom } = box;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (onStripe(stripes, x + origin, y)) pixels[y * width + x] = darker(pixels[y * width + x] as number);
    }
  }
}

/** A dark line at the highest address. */
function darkenTop({ pixels, width }: Picture, { left, right, top }: Box): void {
  for (let x = left; x < right; x++) pixels[top * width + x] = darker(pixels[top * width + x] as number);
}

/** A dark line at the end of the stay, which begins below what is dark already. */
function darkenEnd({ pixels, width }: Picture, { right, top, bottom }: Box, skipped: number): void {
  for (let y = top + skipped; y < bottom; y++) {
    const last = y * width + right - 1;
    pixels[last] = darker(pixels[last] as number);
  }
}

/** A pixel of half the brightness. */
function darker(pixel: number): number {
  return (((pixel >>> 1) & 0x7f7f7f) | 0xff000000) >>> 0;
}
