/// <reference lib="dom" />
import type { DumpedPlace } from "@ttm/core";

const COLUMN = 4;
const PAGE_BYTES = 4096;

/** Draws what has been where in VRAM: time from left to right, places from top to bottom. */
export class VramMap {
  #canvas: HTMLCanvasElement;
  #budget: number;
  #column = 0;

  constructor(canvas: HTMLCanvasElement, budget: number) {
    this.#canvas = canvas;
    this.#budget = budget;
  }

  /** Draws a moment; earlier ones move to the left when there is no more room. */
  draw(places: readonly DumpedPlace[], colorOf: (place: DumpedPlace) => string): void {
    const context = this.#canvas.getContext("2d") as CanvasRenderingContext2D;
    const { width, height } = this.#canvas;
    const x = Math.min(this.#column++ * COLUMN, width - COLUMN);
    if (this.#column * COLUMN > width) context.drawImage(this.#canvas, -COLUMN, 0);
    context.clearRect(x, 0, COLUMN, height);
    let y = 0;
    for (const place of places) {
      const size = place.pages * PAGE_BYTES / this.#budget * height;
      context.fillStyle = colorOf(place);
      context.fillRect(x, y, COLUMN, Math.max(size - 1, 1));
      y += size;
    }
  }
}
