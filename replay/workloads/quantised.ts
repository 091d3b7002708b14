/** The size of a weight matrix in 4-bit form, in bytes. */
export interface QuantisedBytes {
  /** The packed weights, two to a byte. */
  readonly weight: number;
  /** The scales, one f16 number for each group of weights. */
  readonly scale: number;
}

/** Number of weights that share a scale, along the axis that a matrix product sums over. */
const GROUP = 32;

/**
 * A matrix of `rows` outputs by `columns` inputs in the q4f16_1 layout of MLC LLM: group quantisation, int4 in 32-bit
 * words, groups of 32, f16 scales (https://github.com/mlc-ai/mlc-llm, python/mlc_llm/quantization).
 *
 * @param columns A multiple of 32, as all of the models here have.
 */
export function quantised(rows: number, columns: number): QuantisedBytes {
  return { weight: rows * columns / 2, scale: rows * f16(columns / GROUP) };
}

/** Like {@linkcode quantised}, weights and scales together. */
export function quantisedSum(rows: number, columns: number): number {
  const { weight, scale } = quantised(rows, columns);
  return weight + scale;
}

/** The size of `count` f16 numbers, in bytes. */
export function f16(count: number): number {
  return count * 2;
}
