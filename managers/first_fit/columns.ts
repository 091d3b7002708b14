/** A larger copy of a column. */
export function enlarge<Column extends Int32Array | Uint8Array | Float64Array>(column: Column, length: number): Column {
  const larger = new (column.constructor as new (length: number) => Column)(length);
  larger.set(column);
  return larger;
}
