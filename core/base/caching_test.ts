import { assertEquals } from "@std/assert";
import { CACHED, type Caching, cachingMask, cachingName, selectCaching, UNCACHED, WRITE_COMBINED } from "./caching.ts";

Deno.test("cachingMask() joins attributes, and is 0 if one is unknown or none is given", () => {
  assertEquals(cachingMask(["cached"]), CACHED);
  assertEquals(cachingMask(["wc", "uncached", "wc"]), WRITE_COMBINED | UNCACHED);
  assertEquals(cachingMask([]), 0);
  assertEquals(cachingMask(["cached", "shiny" as Caching]), 0);
});

Deno.test("cachingName() is the inverse of cachingMask()", () => {
  for (const name of ["cached", "uncached", "wc"] as const) assertEquals(cachingName(cachingMask([name])), name);
});

const all: readonly Caching[] = ["cached", "uncached", "wc"];
const rows: readonly (readonly [Caching | null, Caching, readonly Caching[], Caching])[] = [
  ["wc", "cached", all, "wc"], // the present one, if allowed
  ["uncached", "wc", ["uncached", "wc"], "uncached"],
  ["cached", "wc", ["uncached", "wc"], "wc"], // else the default
  [null, "uncached", all, "uncached"],
  ["wc", "uncached", ["cached"], "cached"], // else cached, wc, uncached
  [null, "cached", ["uncached", "wc"], "wc"],
  [null, "cached", ["uncached"], "uncached"],
];
for (const [current, preferred, allowed, expected] of rows) {
  Deno.test(`selectCaching() of ${allowed} after ${current}, preferring ${preferred}, is ${expected}`, () => {
    const now = current === null ? 0 : cachingMask([current]);
    assertEquals(cachingName(selectCaching(now, cachingMask([preferred]), cachingMask(allowed))), expected);
  });
}
