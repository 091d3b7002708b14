import type { Workload } from "@ttm/import";
import { WorkloadBuilder } from "./builder.ts";
import { flight, FRAME_RATE } from "./flight.ts";
import { StreamedTiles } from "./tiles.ts";

const PIXELS = 1920 * 1080;
const PIXEL_BYTES = 4;
const FRAME_US = Math.round(1e6 / FRAME_RATE);

/** Length and seed of the flight. */
export interface StreamingOptions {
  /** Frames, at 60 a second; a whole number from 0. */
  readonly frames: number;
  /** Seed of the camera's path; only its lower 32 bits count. */
  readonly seed: number;
}

/**
 * A camera flies over an endless world whose textures are streamed in and out, as in a game: see {@linkcode flight} and
 * {@linkcode StreamedTiles}. The world is synthetic; sizes follow from the formats, which are BC7 textures of 2048 and
 * 1024 texels a side and 1920 by 1080 pixels of RGBA8 colour and D32 depth. A frame is the uploads of new textures, a
 * pass over the near tiles, one over the far tiles, and one that makes the picture on the screen.
 *
 * @param options By default 480 frames and seed 1.
 */
export function textureStreaming({ frames = 480, seed = 1 }: Partial<StreamingOptions> = {}): Workload {
  const builder = new WorkloadBuilder("texture-streaming", "us");
  const depth = builder.alloc(PIXELS * PIXEL_BYTES, "depth");
  const colour = builder.alloc(PIXELS * PIXEL_BYTES, "colour");
  const screen = builder.alloc(PIXELS * PIXEL_BYTES, "screen");
  const tiles = new StreamedTiles(builder);
  for (const camera of flight(frames, seed)) {
    tiles.stream(camera);
    const { near, far } = tiles.visible(camera);
    builder.job(near, [colour, depth]);
    builder.job(far, [colour, depth]);
    builder.job([colour, depth], [screen]);
    builder.now += FRAME_US;
  }
  return builder.finish();
}
