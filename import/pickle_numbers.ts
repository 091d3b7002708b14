/** A whole number without a sign of 1, 2, 4 or 8 bytes, the lowest first; beyond 2^53 it is rounded. */
export function uint(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true);
  if (bytes === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}

/** A whole number of any size in two's complement, the lowest byte first. */
export function long(view: DataView, at: number, length: number): number {
  // The complement of a negative number is small, where its bytes as they are would be rounded.
  const flip = length > 0 && view.getUint8(at + length - 1) >= 128 ? 255 : 0;
  let value = 0;
  for (let index = length - 1; index >= 0; index--) value = value * 256 + (view.getUint8(at + index) ^ flip);
  return flip === 0 ? value : -value - 1;
}
