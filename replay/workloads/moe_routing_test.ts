import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { SyntheticRouting } from "./moe_routing.ts";

const SHAPE = { layers: 2, experts: 64, chosen: 8 };

function choices(seed: number, tokens: number): (readonly number[])[] {
  const routing = new SyntheticRouting(SHAPE, seed);
  return Array.from({ length: tokens }, () => routing.next(0));
}

/** Experts and their numbers of tokens, most popular first. */
function popularity(tokens: readonly (readonly number[])[]): [number, number][] {
  const counts = new Map<number, number>();
  for (const expert of tokens.flat()) counts.set(expert, (counts.get(expert) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

Deno.test("each token gets eight different experts", () => {
  for (const experts of choices(1, 200)) {
    assertEquals(new Set(experts).size, 8);
    assert(experts.every((expert) => expert >= 0 && expert < 64));
  }
});

Deno.test("the choice depends on the seed and the layer", () => {
  assertEquals(choices(1, 50), choices(1, 50));
  assertNotEquals(choices(1, 50), choices(2, 50));
  const routing = new SyntheticRouting(SHAPE, 1);
  assertNotEquals(routing.next(0), routing.next(1));
});

Deno.test("some experts are popular, and all are used at times", () => {
  const sorted = popularity(choices(3, 2000)).map(([, count]) => count);
  assertEquals(sorted.length, 64);
  const share = sorted.slice(0, 16).reduce((sum, count) => sum + count) / (2000 * 8);
  assert(share > 0.5 && share < 0.9, `a quarter of the experts gets ${share} of the tokens`);
});

Deno.test("each layer has popular experts of its own", () => {
  const routing = new SyntheticRouting(SHAPE, 3);
  const tokens = Array.from({ length: 1000 }, () => [routing.next(0), routing.next(1)]);
  const popular = [0, 1].map((layer) => popularity(tokens.map((layers) => layers[layer] ?? []))[0]?.[0]);
  assertNotEquals(popular[0], popular[1]);
});

Deno.test("neighbouring tokens share more experts than distant ones", () => {
  const tokens = choices(4, 2000);
  const shared = (distance: number) =>
    tokens.slice(distance).reduce((sum, experts, index) => {
      const other = new Set(tokens[index]);
      return sum + experts.filter((expert) => other.has(expert)).length;
    }, 0);
  assert(shared(1) > 1.2 * shared(50), `${shared(1)} and ${shared(50)}`);
});

Deno.test("more choices than experts are refused", () => {
  assertThrows(() => new SyntheticRouting({ layers: 1, experts: 4, chosen: 5 }, 1), RangeError, "5 of 4 experts");
});
