import { assert, assertEquals } from "@std/assert";
import { FenceContext } from "../lock/fence.ts";
import { MoveFences } from "./move_fences.ts";

Deno.test("the last copy of each timeline counts, in the order in which they were queued", () => {
  const [first, second] = [new FenceContext("first"), new FenceContext("second")];
  const [a, b, c] = [first.next(), second.next(), first.next()];
  const fences = new MoveFences();
  assertEquals([fences.last, fences.pending], [null, false]);
  for (const copy of [a, b, c]) fences.add(copy);
  assertEquals([[...fences], fences.last], [[b, c], c]);
  fences.add(a);
  assertEquals([[...fences], fences.last], [[b, c], c]);
  b.signal();
  assert(fences.pending);
  a.signal();
  c.signal();
  assert(!fences.pending);
});

Deno.test("copies that have ended are dropped, those that are pending stay", () => {
  const fences = new MoveFences();
  const copies = Array.from({ length: 1000 }, (_, i) => new FenceContext(`engine ${i}`).next());
  const pending = copies.filter((_, i) => i % 100 === 0);
  for (const copy of copies) {
    fences.add(copy);
    if (!pending.includes(copy)) copy.signal();
  }
  assert(fences.size <= 3 * pending.length, `${fences.size} are kept`);
  assertEquals([...fences].filter(({ signalled }) => !signalled), pending);
});

Deno.test("the copies of many timelines are looked at a few times each", () => {
  for (const count of [4_000, 16_000]) {
    const before = MoveFences.steps;
    const fences = new MoveFences();
    for (let i = 0; i < count; i++) fences.add(new FenceContext(`engine ${i}`).next());
    assertEquals(fences.size, count);
    assert(MoveFences.steps - before <= 3 * count, `${MoveFences.steps - before} looks`);
  }
});
