/** How many bits the difference of two numbers needs: 32, or more. */
export type Bits = 32 | 64;

/** Numbers side by side; those of 32 bits take half the memory, and calls pass them on without boxing them. */
export type Numbers = Int32Array | Float64Array;

/** The numbers in a buffer. */
export function numbersIn(buffer: ArrayBufferLike, bits: Bits): Numbers {
  return bits === 32 ? new Int32Array(buffer) : new Float64Array(buffer);
}

/** A number of so many bits below all that stand for addresses, negative ones too. */
export function lowestOf(bits: Bits): number {
  return bits === 32 ? -0x40000000 : -Infinity;
}

/** A larger copy of a column. */
export function enlarge<Column extends Int32Array | Uint8Array | Float64Array>(column: Column, length: number): Column {
  const larger = new (column.constructor as new (length: number) => Column)(length);
  larger.set(column);
  return larger;
}
