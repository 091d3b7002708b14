import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { HoleIndexes } from "./hole_indexes.ts";
import { END, FIRST_CLASS, HoleTable, MINUS_START } from "./hole_table.ts";
import type { HoleTree } from "./hole_tree.ts";
import { HOLE_SORT_KEYS, type HoleSortKey } from "./range_requests.ts";
import { SpanRing } from "./span_ring.ts";
import { NONE } from "./tree_links.ts";

const SPANS = 60;

/** Nodes at 0, 10, 20 and so on; a hole may be opened after each, of a size from 1 to 9. */
function spans(): { holes: HoleTable; indexes: HoleIndexes; rows: number[] } {
  const ring = new SpanRing();
  const holes = new HoleTable(ring);
  const rows: number[] = [];
  for (let i = 0; i < SPANS; i++) rows.push(ring.link(rows.at(-1) ?? 1, i * 10, 1, i % 3).row);
  return { holes, indexes: new HoleIndexes(ring, holes), rows };
}

function inOrder(tree: HoleTree, row: number = tree.root): number[] {
  if (row === NONE) return [];
  return [...inOrder(tree, tree.child(row, 0)), row, ...inOrder(tree, tree.child(row, 1))];
}

/** Checks the balance and the maxima of every subtree; returns the height. */
function checkSubtree(holes: HoleTable, tree: HoleTree, row: number): number {
  if (row === NONE) return 0;
  const heights = [0, 1].map((side) => checkSubtree(holes, tree, tree.child(row, side as 0 | 1))) as [number, number];
  assert(Math.abs(heights[0] - heights[1]) <= 1, `row ${row} leans: ${heights}`);
  const below = inOrder(tree, row);
  for (let column = holes.firstTracked; column < holes.columnCount; column++) {
    const largest = Math.max(...below.map((other) => holes.value(other, column)));
    assertEquals(tree.maximum(row, column), largest, `column ${column} of row ${row}`);
  }
  return 1 + Math.max(...heights);
}

function toggle(holes: HoleTable, indexes: HoleIndexes, row: number, start: number, size: number): void {
  if (holes.has(row)) indexes.close(row);
  else indexes.open(row, start, start + size);
}

const operations = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.record({ toggle: fc.nat(SPANS - 1), size: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ alignment: fc.integer({ min: 2, max: 9 }) }) },
    { weight: 1, arbitrary: fc.constant("limits" as const) },
  ),
  { maxLength: 150, size: "max" },
);

Deno.test("HoleTree stays sorted and balanced and knows the maxima of every subtree", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray<HoleSortKey>([...HOLE_SORT_KEYS]), operations, (early, steps) => {
      const { holes, indexes, rows } = spans();
      for (const key of early) indexes.by(key);
      for (const step of steps) {
        if (step === "limits") indexes.trackLimits();
        else if ("alignment" in step) indexes.columnFor(step.alignment, 0);
        else toggle(holes, indexes, rows[step.toggle] as number, step.toggle * 10 + 1, step.size);
        for (const key of early) {
          assertEquals(inOrder(indexes.by(key)), indexes.sorted(key), key);
          checkSubtree(holes, indexes.by(key), indexes.by(key).root);
        }
      }
      for (const key of HOLE_SORT_KEYS) {
        assertEquals(inOrder(indexes.by(key)), indexes.sorted(key), `${key}, made last`);
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("HoleTable knows the room for each kind of request", () => {
  const { holes, indexes, rows } = spans();
  const row = rows[1] as number; // Colour 1 before, colour 2 after.
  indexes.open(row, 11, 20);
  const room = (alignment: number, color: number) => holes.value(row, indexes.columnFor(alignment, color));
  assertEquals([holes.start(row), holes.end(row), holes.size(row)], [11, 20, 9]);
  assertEquals([holes.value(row, MINUS_START), holes.value(row, END)], [-11, 20]);
  assertEquals([room(1, -1), room(1, 0), room(1, 1), room(1, 2)], [9, 7, 8, 8]);
  assertEquals([room(8, -1), room(8, 0), room(8, 2), room(6, 1)], [4, 3, 4, 7]);
});

Deno.test("HoleTable.columnFor() falls back on the class that bounds most tightly", () => {
  const { holes, indexes } = spans();
  for (const color of [-1, 0]) for (let alignment = 2; alignment < 9; alignment++) indexes.columnFor(alignment, color);
  indexes.columnFor(1, 0);
  assertEquals(holes.columnCount, FIRST_CLASS + 16);
  assertEquals(indexes.columnFor(24, 0), indexes.columnFor(8, 0));
  assertEquals(indexes.columnFor(24, -1), indexes.columnFor(8, -1));
  assertEquals(indexes.columnFor(21, 5), indexes.columnFor(7, -1));
  assertEquals(indexes.columnFor(11, 0), indexes.columnFor(1, 0));
  assertEquals(indexes.columnFor(11, 5), FIRST_CLASS);
  assertEquals(holes.columnCount, FIRST_CLASS + 16);
});
