import { assertEquals } from "@std/assert";
import { RowSet } from "./row_set.ts";

Deno.test("a set of rows has those that were added and not removed, however large they are", () => {
  const set = new RowSet();
  for (const row of [0, 7, 1_000_000]) set.add(row);
  assertEquals([set.delete(7), set.delete(7), set.delete(8)], [true, false, false]);
  assertEquals([0, 7, 8, 1_000_000, 2_000_001].map((row) => set.has(row)), [true, false, false, true, false]);
  assertEquals(set.size, 2);
});
