import { drawStays, type Frame, frameOf, type Picture, type Scene, type Window } from "./raster.ts";

/** Scales that differ by less, as a share, are equal: a window that pans has its length but for rounding. */
const EQUAL = 1e-9;

/** The picture of a map. While the window pans, what stays in it is moved, and only columns that come in are drawn. */
export class MapPicture implements Picture {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
  #frame: Frame | null = null;
  #scene: Scene | null = null;

  /** A picture in these pixels, row by row from the top. */
  constructor(pixels: Uint32Array, width: number) {
    this.pixels = pixels;
    this.width = width;
    this.height = pixels.length / width;
  }

  /**
   * Draws what a window shows.
   *
   * @returns How many columns were drawn.
   */
  draw(window: Window, scene: Scene): number {
    const { width } = this;
    const last = this.#frame;
    let frame = frameOf(window, width);
    const isPan = last !== null && scene === this.#scene && frame.low === last.low && frame.high === last.high &&
      Math.abs(frame.scaleX - last.scaleX) <= EQUAL * last.scaleX;
    if (isPan) frame = frameOf(window, width, last.scaleX);
    const shift = isPan ? Math.max(-width, Math.min(width, frame.left - last.left)) : width;
    [this.#frame, this.#scene] = [frame, scene];
    this.pixels.copyWithin(Math.max(0, -shift), Math.max(0, shift), this.pixels.length - Math.max(0, -shift));
    const [first, end] = shift < 0 ? [0, -shift] : [width - shift, width];
    for (let row = 0; row < this.pixels.length; row += width) this.pixels.fill(0, row + first, row + end);
    if (shift !== 0) drawStays(this, frame, scene, first, end);
    return end - first;
  }
}
