import { at } from "../at.ts";
import type { Run } from "../run.ts";
import type { Grouping } from "./groups.ts";
import { AGE_FILLS, ageFill, onStripe } from "./palette.ts";

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

/** A rectangle with at least as many pixels on each side has an edge, so that neighbours can be told apart. */
const EDGED = 5;

/**
 * Draws the stays of a memory type as rectangles. Each is at least one pixel. Visits every stay once: the time that it
 * takes grows with the number of stays and of pixels.
 */
export function drawStays(picture: Picture, frame: Frame, run: Run, type: number, which: number, by: Grouping): void {
  const { width, height, pixels } = picture;
  const { stays, buffers } = run;
  const [ofBuffer, fills] = [by.ofBuffers[which] as Int32Array, by.groups.map(({ fill }) => fill)];
  const [scaleX, scaleY] = [width / (frame.until - frame.from), height / (frame.high - frame.low)];
  for (let stay = 0; stay < stays.from.length; stay++) {
    if (stays.type[stay] !== type) continue;
    const [from, until] = [at(stays.from, stay), at(stays.until, stay)];
    if (until < frame.from || from > frame.until) continue;
    const buffer = at(stays.buffer, stay);
    const [low, high] = [at(stays.start, stay), at(stays.start, stay) + at(buffers.pages, buffer)];
    if (high <= frame.low || low >= frame.high) continue;
    let left = Math.min(width - 1, Math.round((from - frame.from) * scaleX));
    let right = Math.max(left + 1, Math.round((until - frame.from) * scaleX));
    let bottom = Math.max(1, height - Math.round((low - frame.low) * scaleY));
    let top = Math.min(bottom - 1, height - Math.round((high - frame.low) * scaleY));
    const edged = right - left >= EDGED && bottom - top >= EDGED;
    [left, right, top, bottom] = [
      Math.max(left, 0),
      Math.min(right, width),
      Math.max(top, 0),
      Math.min(bottom, height),
    ];
    if (by.by === "age") {
      const born = at(buffers.created, buffer);
      for (let x = left; x < right; x++) {
        const age = ageFill(frame.from + x / scaleX - born, run.duration);
        const pixel = AGE_FILLS[age]?.pixel ?? 0;
        for (let y = top; y < bottom; y++) pixels[y * width + x] = pixel;
      }
    } else {
      const fill = fills[at(ofBuffer, buffer)];
      const [pixel, stripes] = [fill?.pixel ?? 0, fill?.stripes ?? 0];
      for (let y = top; y < bottom; y++) pixels.fill(pixel, y * width + left, y * width + right);
      if (stripes !== 0) darkenStripes(picture, stripes, left, right, top, bottom);
    }
    if (edged) drawEdge(picture, left, right, top, bottom);
  }
}

function darkenStripes(
  { pixels, width }: Picture,
  stripes: number,
  left: number,
  right: number,
  top: number,
  bottom: number,
): void {
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (onStripe(stripes, x, y)) pixels[y * width + x] = darker(pixels[y * width + x] as number);
    }
  }
}

/** A dark line at the end of the stay and at its highest address. */
function drawEdge({ pixels, width }: Picture, left: number, right: number, top: number, bottom: number): void {
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
