import { assertEquals } from "@std/assert";
import { enlarge, Rows } from "./row_allocator.ts";

Deno.test("Rows hands out each row once, and returned rows again, the last first", () => {
  const rows = new Rows(8, () => {});
  assertEquals([rows.take(), rows.take(), rows.take()], [0, 1, 2]);
  rows.give(0);
  rows.give(2);
  assertEquals([rows.take(), rows.take(), rows.take()], [2, 0, 3]);
});

Deno.test("Rows asks for larger columns before it hands out a row beyond them", () => {
  let column: Int32Array = new Int32Array(2);
  const rows = new Rows(2, (capacity) => column = enlarge(column, capacity));
  for (let expected = 0; expected < 9; expected++) {
    const row = rows.take();
    column[row] = expected;
  }
  assertEquals([...column].slice(0, 9), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals(column.length, 16);
});

Deno.test("enlarge() keeps the array type and the contents of a column", () => {
  assertEquals(enlarge(new Int32Array([1, -2]), 4), new Int32Array([1, -2, 0, 0]));
  assertEquals(enlarge(new Float64Array([2 ** 53]), 2), new Float64Array([2 ** 53, 0]));
});
