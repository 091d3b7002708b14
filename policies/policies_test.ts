import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BoDevice, type BufferObject, type EvictionPolicy, lru, mru, TtmError } from "@ttm/core";
import { testPolicy } from "@ttm/testing";
import { adaptive, arc, clock, gdsf, lirs, lookahead, loops, reuse, s3fifo, sieve, twoQueues } from "./mod.ts";

for (const inner of [lru, mru]) {
  testPolicy({ test: Deno.test, factory: () => lookahead(inner()) });
  testPolicy({ test: Deno.test, factory: () => loops(inner()) });
}
testPolicy({ test: Deno.test, factory: () => lookahead(loops(lru())) });

const histories = [clock, sieve, s3fifo, arc, twoQueues, lirs, () => gdsf(), reuse, adaptive];
for (const factory of histories) {
  testPolicy({ test: Deno.test, factory });
  testPolicy({ test: Deno.test, factory: () => lookahead(factory()) });
}

/** Buffers that are in no memory type, so that no use of them is one of a loop. */
function makeBuffers(): BufferObject[] {
  const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
  const device = new BoDevice({ driver, managers: {} });
  return [0, 1, 2, 3].map((priority) => device.createBuffer({ bytes: 1, priority }));
}

type Act = readonly [what: "insert" | "touch" | "remove" | "evict", entry: number];

const acts = fc.array(
  fc.tuple(fc.constantFrom("insert", "touch", "remove", "evict"), fc.nat(12)) as fc.Arbitrary<Act>,
  {
    maxLength: 60,
  },
);

/** The order after each act. */
function orders(policy: EvictionPolicy, acts: readonly Act[], buffers: readonly BufferObject[]): number[][] {
  const present = new Set<number>();
  const walk = (count: number) => {
    const cursor = policy.candidates("vram");
    const met = [];
    for (let entry = cursor.next(); entry >= 0 && met.length < count; entry = cursor.next()) met.push(entry);
    cursor.close();
    return met;
  };
  return acts.map(([what, entry]) => {
    if (what === "insert" && !present.has(entry)) {
      present.add(entry);
      policy.insert(entry, buffers[entry % 4] as BufferObject, "vram");
    } else if (what === "touch" && present.has(entry)) policy.touch(entry);
    else if (what === "remove" && present.delete(entry)) policy.remove(entry, "freed");
    else if (what === "evict") {
      const [victim] = walk(1);
      if (victim !== undefined && present.delete(victim)) policy.remove(victim, "evicted");
    }
    return walk(99);
  });
}

Deno.test("without hints and loops the order is that of the inner policy", () => {
  const buffers = makeBuffers();
  for (const inner of [lru, mru]) {
    fc.assert(fc.property(acts, (acts) => {
      const expected = orders(inner(), acts, buffers);
      assertEquals(orders(lookahead(inner()), acts, buffers), expected);
      assertEquals(orders(loops(inner()), acts, buffers), expected);
    }));
  }
});

Deno.test("the inner policy is told of all that happens, expected or not", () => {
  const calls: string[] = [];
  const inner: EvictionPolicy = {
    name: "inner",
    insert: (entry, _buffer, memoryType) => void calls.push(`insert ${entry} ${memoryType}`),
    touch: (entry) => void calls.push(`touch ${entry}`),
    remove: (entry, why) => void calls.push(`remove ${entry} ${why}`),
    candidates: () => ({ next: () => -1, close: () => calls.push("close") }),
  };
  const policy = lookahead(inner);
  const [buffer] = makeBuffers() as [BufferObject];
  policy.insert(3, buffer, "vram");
  policy.touch(3);
  for (const next of [4, 2]) policy.hint?.(3, next);
  policy.touch(3);
  policy.hint?.(3, Infinity);
  policy.hint?.(3, 1);
  policy.remove(3, "evicted");
  const walk = policy.candidates("vram");
  assertEquals([walk.next(), policy.name], [-1, "lookahead(inner)"]);
  walk.close();
  assertEquals(calls, ["insert 3 vram", "touch 3", "touch 3", "remove 3 evicted", "close"]);
});

/** An `lru()` that counts the walks that are open; it has no `order`. */
function counting(): EvictionPolicy & { open: number } {
  const inner = lru();
  return {
    name: "counting",
    open: 0,
    insert: (entry, buffer, memoryType) => inner.insert(entry, buffer, memoryType),
    touch: (entry) => inner.touch(entry),
    remove: (entry, why) => inner.remove(entry, why),
    candidates(memoryType, newcomer) {
      const walk = inner.candidates(memoryType, newcomer);
      this.open++;
      return { next: () => walk.next(), close: () => (this.open--, walk.close()) };
    },
  };
}

Deno.test("who stops to read an order before its end leaves no walk open", () => {
  for (const wrap of [lookahead, loops, (inner: EvictionPolicy) => lookahead(loops(inner))]) {
    const inner = counting();
    const policy = wrap(inner);
    for (const [entry, buffer] of makeBuffers().entries()) policy.insert(entry, buffer, "vram");
    for (const first of policy.order?.("vram") ?? []) {
      assertEquals([first, inner.open], [0, 1]);
      break;
    }
    assertEquals(inner.open, 0, policy.name);
  }
});

Deno.test("what is no policy is EINVAL", () => {
  for (const make of [lookahead, loops]) {
    const error = assertThrows(
      () => make({ name: "none" } as EvictionPolicy),
      TtmError,
      "inner.insert must be a function",
    );
    assertEquals(error.code, "EINVAL");
  }
});
