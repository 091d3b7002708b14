/**
 * Colours that people with any form of colour blindness can tell apart, by Okabe and Ito
 * (https://jfly.uni-koeln.de/color/), as red, green, blue.
 */
const COLOURS: readonly (readonly [number, number, number])[] = [
  [0x00, 0x72, 0xb2],
  [0xe6, 0x9f, 0x00],
  [0x00, 0x9e, 0x73],
  [0xcc, 0x79, 0xa7],
  [0x56, 0xb4, 0xe9],
  [0xd5, 0x5e, 0x00],
  [0xf0, 0xe4, 0x42],
];
const OTHER: readonly [number, number, number] = [0x99, 0x99, 0x99];

/** Ages from young to old: viridis, which grows lighter evenly (https://bids.github.io/colormap/). */
const AGES: readonly (readonly [number, number, number])[] = [
  [0xfd, 0xe7, 0x25],
  [0xa0, 0xda, 0x39],
  [0x4a, 0xc1, 0x6d],
  [0x1f, 0xa1, 0x87],
  [0x27, 0x7f, 0x8e],
  [0x36, 0x5c, 0x8d],
  [0x46, 0x32, 0x7e],
  [0x44, 0x01, 0x54],
];

/** How a group of rectangles is filled: with a colour, and stripes if the colours do not suffice. */
export interface Fill {
  /** As a pixel of a canvas: alpha, blue, green, red. */
  readonly pixel: number;
  /** As in style sheets. */
  readonly css: string;
  /** 0: no stripes, 1: rising, 2: falling ones. */
  readonly stripes: 0 | 1 | 2;
}

function fill([red, green, blue]: readonly [number, number, number], stripes: 0 | 1 | 2): Fill {
  const pixel = ((0xff << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  return { pixel, css: `rgb(${red} ${green} ${blue})`, stripes };
}

/** Fills for groups, the plain ones first. */
export const FILLS: readonly Fill[] = ([0, 1, 2] as const).flatMap((stripes) =>
  COLOURS.map((colour) => fill(colour, stripes))
);
/** How many colours there are, before they have stripes. */
export const HUES: number = COLOURS.length;
/** The fill of all groups beyond {@linkcode FILLS}. */
export const OTHER_FILL: Fill = fill(OTHER, 0);
/** Fills for ages, each twice the one before; the last is at least half of the run. */
export const AGE_FILLS: readonly Fill[] = AGES.map((colour) => fill(colour, 0));

/** Whether a pixel is on a stripe. */
export function onStripe(stripes: number, x: number, y: number): boolean {
  return stripes !== 0 && ((stripes === 1 ? x + y : x - y) & 7) < 2;
}

/** Where an age begins, as a share of the run; the one behind the last never does. */
export function ageShare(age: number): number {
  if (age === 0) return -Infinity;
  return age < AGE_FILLS.length ? 2 ** (age - AGE_FILLS.length) : Infinity;
}
