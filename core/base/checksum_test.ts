import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { crc32 } from "./checksum.ts";

/** Bit by bit, as the polynomial is defined. */
function byDefinition(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

Deno.test("the checksum is that of gzip, of no bytes, too", () => {
  assertEquals(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assertEquals(crc32(new Uint8Array()), 0);
  assertEquals(crc32(new Uint8Array(1 << 16).fill(0xff)), byDefinition(new Uint8Array(1 << 16).fill(0xff)));
});

Deno.test("the checksum is that of its definition, wherever the bytes begin and end", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(40), fc.nat(40), (bytes, from, cut) => {
      const part = bytes.subarray(Math.min(from, bytes.length), Math.max(from, bytes.length - cut));
      assertEquals(crc32(part), byDefinition(part));
    }),
    { numRuns: 2000 },
  );
});
