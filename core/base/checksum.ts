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
const WORD_BYTES = 4;
/** Number of bytes that one step takes, with a table of 256 values for each ("slicing by 16"). */
const STEP = 16;
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const tables = makeTables();

/** Table k has, for each value of a byte, its effect on the checksum after k more bytes. */
function makeTables(): Int32Array {
  const made = new Int32Array(STEP << 8);
  for (let byte = 0; byte < 256; byte++) {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
    made[byte] = rest;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256] as number;
    made[at] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}

/** CRC-32 as in ISO-HDLC, gzip and PNG. */
export function crc32(bytes: Uint8Array): number {
  const start = isLittleEndian ? Math.min(bytes.length, -bytes.byteOffset & (WORD_BYTES - 1)) : bytes.length;
  const steps = Math.floor((bytes.length - start) / STEP);
  let crc = byBytes(-1, bytes, 0, start);
  crc = byWords(crc, new Int32Array(bytes.buffer, start === bytes.length ? 0 : bytes.byteOffset + start, steps * 4));
  return ~byBytes(crc, bytes, start + steps * STEP, bytes.length) >>> 0;
}

function byBytes(crc: number, bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return crc;
}

/** Four words a step, which takes a quarter of the time. */
function byWords(crc: number, words: Int32Array): number {
  for (let at = 0; at < words.length; at += 4) {
    const first = crc ^ (words[at] as number);
    crc = effect(12, first) ^ effect(8, words[at + 1] as number) ^ effect(4, words[at + 2] as number) ^
      effect(0, words[at + 3] as number);
  }
  return crc;
}

/** The effect of a word on the checksum after so many more bytes. */
function effect(bytesLeft: number, word: number): number {
  const table = bytesLeft << 8;
  return (tables[table + 0x300 + (word & 0xff)] as number) ^
    (tables[table + 0x200 + ((word >>> 8) & 0xff)] as number) ^
    (tables[table + 0x100 + ((word >>> 16) & 0xff)] as number) ^
    (tables[table + (word >>> 24)] as number);
}
