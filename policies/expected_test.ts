import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Expected } from "./expected.ts";

type Act = readonly [what: "add" | "remove" | "step", entry: number, turn: number];

const acts = fc.array(
  fc.tuple(fc.constantFrom("add", "remove", "step"), fc.nat(15), fc.nat(6)) as fc.Arbitrary<Act>,
  { maxLength: 120, size: "max" },
);

Deno.test("a walk gives what is there in order of the turns, the last first, whatever comes and goes meanwhile", () => {
  fc.assert(fc.property(acts, (acts) => {
    const expected = new Expected();
    const model = new Map<number, number>();
    const isBefore = (a: readonly [number, number], b: readonly [number, number]) => b[1] - a[1] || b[0] - a[0];
    let walk = expected.backwards();
    let last: readonly [number, number] = [Infinity, Infinity];
    for (const [what, entry, turn] of acts) {
      if (what === "add" && !model.has(entry)) {
        model.set(entry, turn);
        expected.add(entry, turn);
      } else if (what === "remove" && model.delete(entry)) expected.remove(entry);
      else if (what === "step") {
        const [next] = [...model].filter((one) => isBefore(last, one) < 0).sort(isBefore);
        assertEquals(walk.next().value, next?.[0]);
        last = next ?? [Infinity, Infinity];
        if (next === undefined) walk = expected.backwards();
      }
      assertEquals([...expected.backwards()], [...model].sort(isBefore).map(([entry]) => entry));
    }
  }));
});

/** How many nodes are looked at while so many entries are added in one order, moved to another turn, and removed. */
function visits(count: number, order: (at: number) => number): number {
  const expected = new Expected();
  for (let at = 0; at < count; at++) expected.add(at, order(at));
  for (let at = 0; at < count; at++) {
    expected.remove(at);
    expected.add(at, order(at) + count);
  }
  for (let at = 0; at < count; at++) expected.remove(at);
  return expected.visits;
}

Deno.test("with four times as many entries each costs a few visits more, in whatever order they come", () => {
  const orders: Readonly<Record<string, (count: number) => (at: number) => number>> = {
    "up": () => (at) => at,
    "down": (count) => (at) => count - at,
    "mixed": (count) => (at) => at * 7919 % count,
    "all at once": () => () => 1,
  };
  for (const [name, order] of Object.entries(orders)) {
    const [few, many] = [4000, 16_000].map((count) => visits(count, order(count)) / count) as [number, number];
    assert(many < 1.5 * few, `${name}: ${few.toFixed(1)} visits for each of 4,000, ${many.toFixed(1)} of 16,000`);
    assert(many < 150, `${name}: ${many.toFixed(1)} visits`);
  }
});
