import type { ReadOnlyStore } from "@ttm/core";

/** A matrix of f32 in host memory, row by row. */
export interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * The feed-forward half of a transformer: each block multiplies a vector with a matrix that makes it wider, drops what
 * is negative, multiplies with one that makes it narrow again, and adds the result to the vector.
 */
export interface Model {
  /** Length of the vector between blocks. */
  readonly width: number;
  /** Length of the vector within a block. */
  readonly hidden: number;
  /** Two for each block, in the order of their use. */
  readonly matrices: readonly Matrix[];
}

/** A vector goes in, one of the same length comes out. */
export type Step = (input: Float32Array<ArrayBuffer>) => Promise<Float32Array>;

/** Sizes of a model. */
export interface ModelSizes {
  readonly blocks?: number;
  readonly width?: number;
  readonly hidden?: number;
}

/** Makes a model with random weights; the defaults are 24 matrices of 4 MiB each. */
export function makeModel({ blocks = 12, width = 512, hidden = 2048 }: ModelSizes = {}): Model {
  const random = randomNumbers(1);
  const matrix = (name: string, rows: number, columns: number): Matrix => {
    const weights = Float32Array.from({ length: rows * columns }, () => random() / Math.sqrt(columns));
    return { name, rows, columns, bytes: new Uint8Array(weights.buffer) };
  };
  const matrices = Array.from({ length: blocks }, (_, block) => [
    matrix(`block ${block} up`, hidden, width),
    matrix(`block ${block} down`, width, hidden),
  ]);
  return { width, hidden, matrices: matrices.flat() };
}

/** Size of all matrices in bytes. */
export function weightBytes({ matrices }: Model): number {
  return matrices.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** The matrices under their names. It stands for the file that they come from: `safetensors(fileSource(path))`. */
export function storeOf({ matrices }: Model): ReadOnlyStore {
  const known = new Map(matrices.map(({ name, bytes }) => [name, bytes]));
  return { name: "weights", readOnly: true, read: (name) => new Uint8Array(known.get(name) ?? []) };
}

/** A vector to begin with. */
export function makeInput({ width }: Model): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: width }, randomNumbers(2));
}

/** What a model makes of a vector, computed in float64. */
export function compute({ matrices }: Model, input: Float32Array): Float64Array {
  const x = Float64Array.from(input);
  for (let i = 0; i + 1 < matrices.length; i += 2) {
    const hidden = multiply(matrices[i] as Matrix, x).map((value) => Math.max(value, 0));
    multiply(matrices[i + 1] as Matrix, hidden).forEach((value, row) => x[row] = (x[row] ?? NaN) + value);
  }
  return x;
}

/** The largest difference of two vectors, as a part of the largest value. */
export function errorOf(result: Float32Array, expected: Float64Array): number {
  if (result.length !== expected.length) return Infinity;
  const differences = expected.map((value, i) => Math.abs(value - (result[i] ?? NaN)));
  return largest(differences) / largest(expected.map(Math.abs));
}

function multiply({ bytes, rows, columns }: Matrix, x: Float64Array): Float64Array {
  const weights = new Float32Array(bytes.buffer);
  return Float64Array.from({ length: rows }, (_, row) => {
    return x.reduce((sum, value, column) => sum + value * (weights[row * columns + column] ?? NaN), 0);
  });
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value));
}

/** Numbers between -1 and 1, the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
