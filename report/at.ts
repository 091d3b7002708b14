/** The value of a row that the column has. */
export function at(column: Int32Array | Float64Array, row: number): number {
  return column[row] as number;
}
