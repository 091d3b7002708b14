import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { pack, unpack } from "./pack.ts";

Deno.test("columns of any values are packed and come back, with what is around them", async () => {
  const whole = fc.integer({ min: -1, max: 2 ** 31 - 1 });
  await fc.assert(fc.asyncProperty(
    fc.array(fc.oneof(whole, fc.integer({ min: -1, max: 300 }), fc.integer({ min: -(2 ** 31), max: 0 }))),
    fc.array(fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 53))),
    fc.string(),
    async (ints, floats, text) => {
      const value = { ints: Int32Array.from(ints), deep: [{ floats: Float64Array.from(floats), text }], none: null };
      // Minus zero is a whole number, and comes back as zero.
      const zero = Float64Array.from(floats, (value) => value === 0 ? 0 : value);
      const back = await unpack(await pack(value)) as typeof value;
      assertEquals([...back.ints], ints);
      assertEquals([...back.deep[0]?.floats ?? []].map((value) => value === 0 ? 0 : value), [...zero]);
      assertEquals([back.deep[0]?.text, back.none, back.ints instanceof Int32Array], [text, null, true]);
    },
  ));
});

Deno.test("small whole numbers take a byte, times take eight", async () => {
  const size = async (column: Int32Array | Float64Array) => JSON.parse((await pack({ column })).json).column.width;
  assertEquals(await size(Int32Array.of(-1, 254)), 1);
  assertEquals(await size(Float64Array.of(255)), 2);
  assertEquals(await size(Int32Array.of(65_535)), 4);
  assertEquals(await size(Float64Array.of(0.5)), 8);
});
