import { assertEquals } from "@std/assert";
import { BoDevice, type EvictionPolicy, lru, mru, PAGE_SIZE, TtmError } from "@ttm/core";
import { testPolicy } from "@ttm/testing";
import { assertThrows } from "@std/assert";
import { lookahead, loops } from "./mod.ts";

for (const inner of [lru, mru]) {
  testPolicy({ test: Deno.test, factory: () => lookahead(inner()) });
  testPolicy({ test: Deno.test, factory: () => loops(inner()) });
}
testPolicy({ test: Deno.test, factory: () => lookahead(loops(lru())) });
