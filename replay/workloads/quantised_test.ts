import { assertEquals } from "@std/assert";
import { f16, quantised, quantisedSum } from "./quantised.ts";

Deno.test("a quantised matrix has four bits for each weight and an f16 scale for each 32", () => {
  assertEquals(quantised(1, 32), { weight: 16, scale: 2 });
  assertEquals(quantised(9216, 3072), { weight: 14_155_776, scale: 1_769_472 });
  assertEquals(quantisedSum(9216, 3072), 15_925_248);
  assertEquals(f16(3072), 6144);
});
