import { assert, assertEquals } from "@std/assert";
import { drawMix, MIX_NAMES, POOL } from "./mixes.ts";

for (const name of MIX_NAMES) {
  Deno.test(`drawMix("${name}") frees what is allocated, fills the pool and never asks for more than there is`, () => {
    const { sizes, slots, slotCount } = drawMix(name, 400_000);
    const held = new Int32Array(slotCount);
    let used = 0;
    let peak = 0;
    for (const [i, size] of sizes.entries()) {
      const slot = slots[i] as number;
      const before = held[slot] as number;
      assertEquals(before === 0, size > 0, `operation ${i} uses slot ${slot} wrongly`);
      used += size - before;
      held[slot] = size;
      peak = Math.max(peak, used);
    }
    assert(peak > 0.87 * POOL && peak <= 0.97 * POOL, `the pool is filled to ${peak} units`);
  });
}

Deno.test("drawMix() draws the same operations for the same seed, others for another", () => {
  assertEquals(drawMix("frag", 1000, 7), drawMix("frag", 1000, 7));
  assert(drawMix("frag", 1000, 7).sizes.join() !== drawMix("frag", 1000, 8).sizes.join());
});

Deno.test('drawMix("frag") fills and empties the pool in turn', () => {
  const { sizes, slots, slotCount } = drawMix("frag", 1_000_000);
  const held = new Int32Array(slotCount);
  const turns: string[] = [];
  let used = 0;
  for (const [i, size] of sizes.entries()) {
    const slot = slots[i] as number;
    used += size - (held[slot] as number);
    held[slot] = size;
    const state = used > 0.91 * POOL ? "full" : used < 0.51 * POOL ? "empty" : null;
    if (state !== null && state !== turns.at(-1)) turns.push(state);
  }
  assertEquals(turns.slice(0, 5), ["empty", "full", "empty", "full", "empty"]);
});
