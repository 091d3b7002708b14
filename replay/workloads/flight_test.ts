import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { flight } from "./flight.ts";

Deno.test("a flight depends on the seed", () => {
  assertEquals([...flight(200, 1)], [...flight(200, 1)]);
  assertNotEquals([...flight(200, 1)], [...flight(200, 2)]);
});

Deno.test("a flight moves two tiles a second", () => {
  const path = [...flight(300, 3)];
  assertEquals(path.length, 300);
  for (const [index, to] of path.slice(1).entries()) {
    const from = path[index] ?? to;
    assert(Math.abs(Math.hypot(to.x - from.x, to.y - from.y) - 2 / 60) < 1e-9);
  }
});

Deno.test("a flight takes a new turn every second, never a sharp one", () => {
  const headings = [...flight(300, 3)].map(({ heading }) => heading);
  const turns = headings.map((heading, frame) => heading - (headings[frame - 1] ?? 0));
  assert(turns.every((turn) => Math.abs(turn) <= 0.01));
  assertEquals(new Set(turns.map((turn) => turn.toFixed(9))).size, 5);
});
