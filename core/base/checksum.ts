/**
 * The checksum by which the core verifies what a swap store returns, for authors of stores.
 *
 * @example The checksum of some text
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { crc32 } from "@ttm/core/checksum";
 *
 * assertEquals(crc32(new TextEncoder().encode("123456789")).toString(16), "cbf43926");
 * ```
 *
 * @module
 */
const POLYNOMIAL = 0xedb88320;
const table = new Uint32Array(256).map((_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/** CRC-32 as in ISO-HDLC, gzip and PNG. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
