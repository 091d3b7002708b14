import { assertEquals } from "@std/assert";
import { bc7Bytes, bc7TailBytes } from "./bc7.ts";

Deno.test("BC7 takes a byte for each texel of whole blocks", () => {
  assertEquals([2048, 1024, 8, 4].map(bc7Bytes), [4 << 20, 1 << 20, 64, 16]);
});

Deno.test("BC7 levels smaller than a block take a whole one", () => {
  assertEquals([2, 1].map(bc7Bytes), [16, 16]);
});

Deno.test("a mip tail has all the levels below the top one", () => {
  assertEquals([1, 2, 4, 8].map(bc7TailBytes), [0, 16, 32, 48]);
  assertEquals(bc7TailBytes(2048), (1 << 20) + bc7TailBytes(1024));
});
