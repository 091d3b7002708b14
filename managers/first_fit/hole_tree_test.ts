import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { HoleIndexes } from "./hole_indexes.ts";
import { END, HoleTable, MINUS_START, SIZE } from "./hole_table.ts";
import type { HoleTree } from "./hole_tree.ts";
import { HOLE_SORT_KEYS, type HoleSortKey } from "./range_requests.ts";
import { HEAD, SpanRing } from "./span_ring.ts";

const SPANS = 400;

/** Ranges at 0, 10, 20 and so on, each of which may end later, so that a hole of up to 9 units follows. */
class Spans extends SpanRing {
  readonly rows: number[] = [];
  #holes: Map<number, number> = new Map();

  constructor(end: number) {
    super(0, end);
    for (let i = 0; i < SPANS; i++) this.rows.push(this.link(this.rows.at(-1) ?? HEAD, i * 10, 10, i % 3));
  }

  override end(row: number): number {
    return super.end(row) - (this.#holes.get(row) ?? 0);
  }

  setHole(row: number, size: number): void {
    this.#holes.set(row, size);
  }
}

function spans(end: number = SPANS * 10, lastStamp = 2 ** 30) {
  const ring = new Spans(end);
  const holes = new HoleTable(ring);
  return { ring, holes, indexes: new HoleIndexes(ring, holes, lastStamp), rows: ring.rows };
}

/** The entries in use of a node. */
function entriesOf({ nodes }: HoleTree, node: number): number[] {
  return Array.from({ length: nodes.count(node) }, (_, i) => nodes.firstOf(node) + i);
}

function inOrder(tree: HoleTree, node: number = tree.nodes.root): number[] {
  const { nodes } = tree;
  return entriesOf(tree, node)
    .map((entry) => nodes.id(entry))
    .flatMap((id) => nodes.level(node) === 0 ? [id] : inOrder(tree, id));
}

/** Checks that the entry for a node, and all under it, store the right values. */
function checkSubtree(holes: HoleTable, tree: HoleTree, node: number): void {
  const { nodes } = tree;
  const above = nodes.above(node);
  const below = inOrder(tree, node);
  if (!nodes.isRoot(node)) {
    assert(below.length > 0, `node ${node} is empty`);
    assertEquals(nodes.level(nodes.nodeOf(above)), nodes.level(node) + 1);
  }
  if (below.length > 0) assertEquals(nodes.key(above), nodes.key(nodes.firstOf(node)));
  for (let column = SIZE; column < holes.columnCount; column++) {
    if (!tree.tracks(column)) continue;
    const largest = Math.max(nodes.lowest, ...below.map((row) => holes.value(row, column)));
    assertEquals(nodes.value(above, tree.nodeColumn(column)), largest, `column ${column} of node ${node}`);
  }
  for (const entry of entriesOf(tree, node)) {
    const id = nodes.id(entry);
    assertEquals(nodes.level(node) === 0 ? nodes.entryOf(id) : nodes.above(id), entry);
    if (nodes.level(node) !== 0) checkSubtree(holes, tree, id);
  }
}

function toggle({ ring, holes, indexes }: ReturnType<typeof spans>, row: number, size: number): void {
  const before = holes.size(row);
  ring.setHole(row, before === size ? 0 : size);
  if (before === 0) indexes.open(row, holes.start(row), holes.size(row));
  else if (before === size) indexes.close(row);
  else indexes.change(row, row, holes.start(row), holes.size(row));
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

/** Numbers of spaces that end late do not fit into 32 bits. */
const ends = fc.constantFrom(SPANS * 10, 2 ** 30 - 1, 2 ** 30, Number.MAX_SAFE_INTEGER);

Deno.test("HoleTree stays sorted and balanced, and its entries have the maxima of their subtrees", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray<HoleSortKey>([...HOLE_SORT_KEYS]), operations, ends, (early, steps, end) => {
      const all = spans(end);
      const { holes, indexes, rows } = all;
      for (const key of early) indexes.by(key);
      for (const step of steps) {
        if (step === "limits") indexes.trackLimits();
        else if ("alignment" in step) indexes.columnFor(step.alignment, 0);
        else {
          for (let i = 0; i < step.count; i++) {
            const at = (step.toggle + i * step.stride) % SPANS;
            toggle(all, rows[at] as number, step.size);
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
  const all = spans();
  const { indexes, rows } = all;
  for (const row of rows) toggle(all, row, 1);
  const [used, idle] = [indexes.by("address"), indexes.by("size")];
  for (let change = 0; change < 8 * SPANS; change++) {
    const i = change * 7 % SPANS;
    toggle(all, rows[i] as number, 1 + change % 9);
    if (change === SPANS) assert(indexes.by("size") === idle);
    assert(indexes.by("address") === used);
  }
  assert(indexes.by("size") !== idle);
  assertEquals(inOrder(indexes.by("size")), indexes.sorted("size"));
});

Deno.test("HoleIndexes keeps the holes in the order in which they were made when the stamps are used up", () => {
  const all = spans(SPANS * 10, 2 * SPANS);
  const { indexes, rows } = all;
  const made: number[] = [];
  for (let change = 0; change < 8 * SPANS; change++) {
    const row = rows[change * 7 % SPANS] as number;
    if (made.includes(row)) made.splice(made.indexOf(row), 1);
    toggle(all, row, 1 + change % 9);
    if (all.holes.size(row) > 0) made.push(row);
    assert(indexes.changes <= 2 * SPANS + 256);
    assertEquals(inOrder(indexes.by("recency")), made);
  }
});

Deno.test("HoleTable has the room of a hole for each kind of request", () => {
  const { ring, holes, indexes, rows } = spans();
  const row = rows[1] as number; // Colour 1 before, colour 2 after.
  ring.setHole(row, 9);
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
  assertEquals(holes.columnCount, END + 16);
  assertEquals(indexes.columnFor(24, 0), indexes.columnFor(8, 0));
  assertEquals(indexes.columnFor(24, -1), indexes.columnFor(8, -1));
  assertEquals(indexes.columnFor(21, 5), indexes.columnFor(7, -1));
  assertEquals(indexes.columnFor(11, 0), indexes.columnFor(1, 0));
  assertEquals(indexes.columnFor(11, 5), SIZE);
  assertEquals(holes.columnCount, END + 16);
});
