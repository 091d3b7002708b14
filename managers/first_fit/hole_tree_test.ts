import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { HoleIndexes } from "./hole_indexes.ts";
import { END, FIRST_CLASS, HoleTable, MINUS_START } from "./hole_table.ts";
import type { HoleTree } from "./hole_tree.ts";
import { HOLE_SORT_KEYS, type HoleSortKey } from "./range_requests.ts";
import { SpanRing } from "./span_ring.ts";
import { firstOf, nodeOf } from "./tree_nodes.ts";

const SPANS = 400;

/** Nodes at 0, 10, 20 and so on; each may be followed by a hole of 1 to 9 units. */
function spans(): { holes: HoleTable; indexes: HoleIndexes; rows: number[] } {
  const ring = new SpanRing(SPANS);
  const holes = new HoleTable(ring);
  const rows: number[] = [];
  for (let i = 0; i < SPANS; i++) rows.push(ring.link(rows.at(-1) ?? 1, i * 10, 1, i % 3));
  return { holes, indexes: new HoleIndexes(ring, holes), rows };
}

/** The entries in use of a node. */
function entriesOf({ nodes }: HoleTree, node: number): number[] {
  return Array.from({ length: nodes.counts[node] as number }, (_, i) => firstOf(node) + i);
}

function inOrder(tree: HoleTree, node: number = tree.nodes.root): number[] {
  const { ids, levels } = tree.nodes;
  return entriesOf(tree, node)
    .map((entry) => ids[entry] as number)
    .flatMap((id) => levels[node] === 0 ? [id] : inOrder(tree, id));
}

/** Checks that the entry for a node, and all under it, store the right values. */
function checkSubtree(holes: HoleTable, tree: HoleTree, node: number): void {
  const { entries, rowEntries, ids, keys, levels, root } = tree.nodes;
  const above = entries[node] as number;
  const below = inOrder(tree, node);
  if (node !== root) {
    assert(below.length > 0, `node ${node} is empty`);
    assertEquals(levels[nodeOf(above)], (levels[node] as number) + 1);
  }
  if (below.length > 0) assertEquals(keys[above], keys[firstOf(node)]);
  for (let column = FIRST_CLASS; column < holes.columnCount; column++) {
    const largest = Math.max(...below.map((row) => holes.value(row, column)));
    assertEquals(tree.maxima(column)[above], largest, `column ${column} of node ${node}`);
  }
  for (const entry of entriesOf(tree, node)) {
    const id = ids[entry] as number;
    assertEquals((levels[node] === 0 ? rowEntries : entries)[id], entry);
    if (levels[node] !== 0) checkSubtree(holes, tree, id);
  }
}

function toggle(holes: HoleTable, indexes: HoleIndexes, row: number, start: number, size: number): void {
  if (!holes.has(row)) indexes.open(row, start, start + size);
  else if (holes.size(row) === size) indexes.close(row);
  else indexes.change(row, row, start, start + size);
}

const operations = fc.array(
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({
        toggle: fc.nat(SPANS - 1),
        count: fc.integer({ min: 1, max: SPANS }),
        stride: fc.integer({ min: 1, max: SPANS }),
        size: fc.integer({ min: 1, max: 9 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ alignment: fc.integer({ min: 2, max: 9 }) }) },
    { weight: 1, arbitrary: fc.constant("limits" as const) },
  ),
  { maxLength: 20, size: "max" },
);

Deno.test("HoleTree stays sorted and balanced, and its entries have the maxima of their subtrees", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray<HoleSortKey>([...HOLE_SORT_KEYS]), operations, (early, steps) => {
      const { holes, indexes, rows } = spans();
      for (const key of early) indexes.by(key);
      for (const step of steps) {
        if (step === "limits") indexes.trackLimits();
        else if ("alignment" in step) indexes.columnFor(step.alignment, 0);
        else {
          for (let i = 0; i < step.count; i++) {
            const at = (step.toggle + i * step.stride) % SPANS;
            toggle(holes, indexes, rows[at] as number, at * 10 + 1, step.size);
          }
        }
        for (const key of early) {
          assertEquals(inOrder(indexes.by(key)), indexes.sorted(key), key);
          checkSubtree(holes, indexes.by(key), indexes.by(key).nodes.root);
        }
      }
      for (const key of HOLE_SORT_KEYS) {
        assertEquals(inOrder(indexes.by(key)), indexes.sorted(key), `${key}, made last`);
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("HoleIndexes drops a tree that is not searched for long, and rebuilds it when it is needed", () => {
  const { holes, indexes, rows } = spans();
  for (const [i, row] of rows.entries()) indexes.open(row, i * 10 + 1, i * 10 + 2);
  const [used, idle] = [indexes.by("address"), indexes.by("size")];
  for (let change = 0; change < 8 * SPANS; change++) {
    const i = change * 7 % SPANS;
    toggle(holes, indexes, rows[i] as number, i * 10 + 1, 1 + change % 9);
    if (change === SPANS) assert(indexes.by("size") === idle);
    assert(indexes.by("address") === used);
  }
  assert(indexes.by("size") !== idle);
  assertEquals(inOrder(indexes.by("size")), indexes.sorted("size"));
});

Deno.test("HoleTable has the room of a hole for each kind of request", () => {
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
