import { assert, assertEquals } from "@std/assert";
import { at } from "../at.ts";
import { reduce } from "../reduce/reduce.ts";
import { makeRecord } from "../testing_records.ts";
import { orderAt } from "./order.ts";
import { present, stayAt } from "./present.ts";

const run = reduce(makeRecord({ events: 6000, seed: 7 }));
const VRAM = 1;

Deno.test("the first candidate of the order is the next victim", () => {
  let compared = 0;
  for (let eviction = 0; eviction < run.evictions.time.length; eviction++) {
    const time = at(run.evictions.time, eviction);
    // Only the first eviction of a moment: the others are of a device that has changed since.
    if (eviction > 0 && at(run.evictions.time, eviction - 1) === time) continue;
    const { candidates, pinned } = orderAt(run, VRAM, time - 1e-6);
    const passed = at(run.evictions.position, eviction);
    assertEquals(candidates[0]?.buffer, at(run.evictions.buffer, eviction), `eviction ${eviction}`);
    assert(passed <= pinned.length);
    compared++;
  }
  assert(compared > 200);
});

Deno.test("what is present at a moment does not overlap, and is found by its pages", () => {
  for (const share of [0.1, 0.5, 0.9, 1]) {
    const time = run.duration * share;
    const here = present(run, VRAM, time);
    assert(here.length > 3);
    for (const stay of here) {
      const start = at(run.stays.start, stay);
      const last = start + at(run.buffers.pages, at(run.stays.buffer, stay)) - 1;
      assertEquals([stayAt(run, VRAM, time, start), stayAt(run, VRAM, time, last)], [stay, stay]);
    }
  }
  assertEquals(stayAt(run, VRAM, 0, 0), undefined);
});
