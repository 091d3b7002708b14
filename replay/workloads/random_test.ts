import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { randomNumbers, shuffled } from "./random.ts";

Deno.test("random numbers are those of mulberry32", () => {
  const random = randomNumbers(0);
  assertEquals([random(), random()], [0.26642920868471265, 0.0003297457005828619]);
});

Deno.test("random numbers depend on the seed, lie in range and spread evenly", () => {
  const take = (seed: number) => Array.from({ length: 10_000 }, randomNumbers(seed));
  assertEquals(take(5), take(5));
  assertNotEquals(take(5), take(6));
  const numbers = take(5);
  assert(numbers.every((number) => number >= 0 && number < 1));
  const mean = numbers.reduce((sum, number) => sum + number) / numbers.length;
  assert(Math.abs(mean - 0.5) < 0.01, `the mean is ${mean}`);
});

Deno.test("shuffling keeps the items and leaves the list alone", () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  const mixed = shuffled(items, randomNumbers(1));
  assertNotEquals(mixed, items);
  assertEquals(mixed.toSorted(), items);
  assertEquals(items, [1, 2, 3, 4, 5, 6, 7, 8]);
});
