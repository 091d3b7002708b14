import { randomNumbers } from "./random.ts";

/** Frames in a second. */
export const FRAME_RATE = 60;

/** Position and direction of a camera. */
export interface Camera {
  /** Position, in tiles. */
  readonly x: number;
  /** Position, in tiles. */
  readonly y: number;
  /** Viewing and flying direction, in radians. */
  readonly heading: number;
}

const TILES_PER_SECOND = 2;
const RADIANS_PER_SECOND = 0.6;

/**
 * The cameras for the frames of a flight at constant speed, which changes its turn every second: left or right, with
 * at most 0.6 radians a second. The same seed gives the same flight.
 */
export function* flight(frames: number, seed: number): Generator<Camera, void> {
  const random = randomNumbers(seed);
  let [x, y, heading, turn] = [0, 0, 0, 0];
  for (let frame = 0; frame < frames; frame++) {
    if (frame % FRAME_RATE === 0) turn = (2 * random() - 1) * RADIANS_PER_SECOND;
    heading += turn / FRAME_RATE;
    x += Math.cos(heading) * TILES_PER_SECOND / FRAME_RATE;
    y += Math.sin(heading) * TILES_PER_SECOND / FRAME_RATE;
    yield { x, y, heading };
  }
}
