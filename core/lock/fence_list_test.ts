import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { isFenceUsage } from "./fence_list.ts";
import { type Fence, FenceContext, FenceList, type FenceUsage } from "../mod.ts";

const usages: readonly FenceUsage[] = ["kernel", "write", "read", "bookkeep"];

function listOf(...entries: readonly (readonly [Fence, FenceUsage])[]): FenceList {
  const list = new FenceList();
  for (const [fence, usage] of entries) list.add(fence, usage);
  return list;
}

Deno.test("isFenceUsage() knows the four usages and nothing else", () => {
  assertEquals([...usages, "Kernel", "", "length", undefined, null, 0].map(isFenceUsage), [
    ...[true, true, true, true],
    ...[false, false, false, false, false, false],
  ]);
});

Deno.test("pending() and allPending() of a usage see that usage and those before it", () => {
  const fences = usages.map((usage) => new FenceContext(usage).next());
  const list = listOf(...fences.map((fence, at) => [fence, usages[at] as FenceUsage] as const));
  usages.forEach((usage, at) => {
    assertEquals(list.allPending(usage).map((fence) => fence.context.name), usages.slice(0, at + 1));
    const alone = listOf([fences[at] as Fence, usage]);
    assertEquals(usages.map((asked) => alone.pending(asked) !== null), usages.map((_, asked) => asked >= at));
  });
  assertEquals(list.allPending().length, 4);
});

Deno.test("signalled fences are not pending, also if they failed", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => new FenceContext(name).next()) as [Fence, Fence, Fence];
  const list = listOf([a, "write"], [b, "write"], [c, "write"]);
  a.signal();
  assertStrictEquals(list.pending(), b);
  b.signal(new Error("lost"));
  assertEquals(list.allPending(), [c]);
  c.signal();
  assertEquals([list.pending(), list.allPending()], [null, []]);
});

Deno.test("a later fence of a timeline replaces earlier ones whose usage it covers", () => {
  for (const [first, second, pending] of [["read", "read", 1], ["read", "write", 1], ["write", "read", 2]] as const) {
    const line = new FenceContext("gpu");
    const list = listOf([line.next(), first], [line.next(), second]);
    assertEquals(list.allPending().length, pending, `${first}, then ${second}`);
    assertEquals(list.allPending("write").length, first === "write" || second === "write" ? 1 : 0);
  }
});

Deno.test("an earlier fence of a timeline does not replace a later one", () => {
  const line = new FenceContext("gpu");
  const [first, second] = [line.next(), line.next()];
  const list = listOf([second, "write"], [first, "write"]);
  first.signal();
  assertStrictEquals(list.pending(), second);
});

Deno.test("fences of different timelines do not replace each other", () => {
  const [a, b] = [new FenceContext("gpu").next(), new FenceContext("gpu").next()];
  assertEquals(listOf([a, "write"], [b, "write"]).allPending(), [a, b]);
});

Deno.test("a copied list has every pending fence in its slot, and replaces none", () => {
  const [line, other] = [new FenceContext("gpu"), new FenceContext("copy")];
  const [read, write, copy] = [line.next(), line.next(), other.next()];
  const original = listOf([read, "read"], [copy, "kernel"]);
  original.add(write, "bookkeep");
  // The kernel would merge the two if they were added once more: the later one covers the usage of the earlier.
  const later = listOf([write, "write"], [read, "read"]);
  for (const list of [original, later]) {
    const copied = new FenceList();
    copied.copyFrom(list);
    assertEquals(copied.list(), list.list());
  }
  const copied = new FenceList();
  copied.copyFrom(original);
  copy.signal();
  copied.add(line.next(), "bookkeep");
  assertEquals([copied.list().length, original.list().length], [3, 2]);
});

Deno.test("the list does not grow with the fences that have signalled", () => {
  const list = new FenceList();
  const old = ["a", "b", "c"].map((name) => new FenceContext(name).next());
  for (const fence of old) list.add(fence, "kernel");
  for (const fence of old) fence.signal();
  const [first, second] = [new FenceContext("d").next(), new FenceContext("e").next()];
  list.add(first, "bookkeep");
  list.add(second, "kernel");
  assertEquals([list.allPending(), list.allPending("read")], [[second, first].reverse(), [second]]);
});

/** What a list without an index does, slot by slot. */
class PlainList {
  slots: { fence: Fence; usage: number }[] = [];

  add(fence: Fence, usage: number): void {
    const at = this.slots.findIndex((slot) => {
      const { context, seqno, signalled } = slot.fence;
      return signalled || (context === fence.context && slot.usage >= usage && seqno <= fence.seqno);
    });
    if (at < 0) this.slots.push({ fence, usage });
    else this.slots[at] = { fence, usage };
  }

  pending(usage: number): Fence[] {
    return this.slots.filter((slot) => slot.usage <= usage && !slot.fence.signalled).map(({ fence }) => fence);
  }
}

Deno.test("a long list has its fences in the slots in which a search would put them", () => {
  const action = fc.record({ timeline: fc.nat(79), usage: fc.nat(3), signal: fc.boolean() });
  fc.assert(
    fc.property(fc.array(action, { minLength: 60, maxLength: 400, size: "max" }), (actions) => {
      const lines = Array.from({ length: 80 }, () => new FenceContext("line"));
      const unsignalled: Fence[][] = lines.map(() => []);
      const [list, plain] = [new FenceList(), new PlainList()];
      list.reserve(500);
      for (const { timeline, usage, signal } of actions) {
        if (signal) unsignalled[timeline]?.shift()?.signal();
        else {
          const fence = (lines[timeline] as FenceContext).next();
          unsignalled[timeline]?.push(fence);
          list.add(fence, usages[usage] as FenceUsage);
          plain.add(fence, usage);
        }
        for (const [at, name] of usages.entries()) {
          const expected = plain.pending(at);
          assertStrictEquals(list.pending(name), expected[0] ?? null);
          assertEquals(list.allPending(name).map((fence) => expected.indexOf(fence)), [...expected.keys()]);
        }
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("a callback of a fence finds its slot free, also in a long list", () => {
  const [fences, list] = [Array.from({ length: 40 }, () => new FenceContext("work").next()), new FenceList()];
  for (const fence of fences) list.add(fence, "read");
  const next = new FenceContext("next").next();
  fences[0]?.onSignal(() => list.add(next, "read"));
  fences[0]?.signal();
  assertStrictEquals(list.pending(), next);
});

Deno.test("10,000 fences of as many timelines are added and waited for with at most 100 looks each", () => {
  for (const backwards of [false, true]) {
    const count = 10_000;
    const fences = Array.from({ length: count }, () => new FenceContext("work").next());
    const list = new FenceList();
    const before = FenceList.steps;
    for (const fence of fences) {
      list.reserve(1);
      list.add(fence, "read");
    }
    for (const fence of backwards ? fences.reverse() : fences) {
      assertEquals(list.pending() === null, false);
      fence.signal();
    }
    assertEquals(list.pending(), null);
    assert(FenceList.steps - before <= 100 * count, `${FenceList.steps - before} looks`);
  }
});
