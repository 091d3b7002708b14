import { assert, assertEquals } from "@std/assert";
import { BoDevice, type BufferObject, PAGE_SIZE, SimulatedClock } from "@ttm/core";
import { recorder } from "@ttm/explain";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { randomNumbers } from "../../replay/workloads/random.ts";
import { at } from "../at.ts";
import { reduce } from "../reduce/reduce.ts";
import { makeRecord } from "../testing_records.ts";
import { orderAt, orderOf } from "./order.ts";
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

Deno.test("of a device, the first candidate by priority and last use is the next victim", async () => {
  const made = recorder();
  const driver = new RadeonSim({ vram: 16 * PAGE_SIZE, gtt: 256 * PAGE_SIZE, contents: "stamps" });
  const clock = new SimulatedClock();
  const managers = { vram: firstFit(), gtt: firstFit() };
  const device = new BoDevice({ driver, managers, clock, tracer: made.tracer });
  const placement = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
  const random = randomNumbers(5);
  const below = (limit: number) => Math.floor(random() * limit);
  const buffers = Array.from({ length: 20 }, () => device.createBuffer({ bytes: PAGE_SIZE, priority: below(4) }));
  for (let step = 0; step < 600; step++) {
    clock.advanceTo(step * 100);
    const buffer = buffers[below(buffers.length)] as BufferObject;
    using _reservation = await buffer.reserve();
    if (below(3) === 0) buffer.setPriority(below(4));
    else await buffer.validate(placement);
  }
  const run = reduce(made.record());
  const type = run.types.findIndex(({ name }) => name === "vram");
  let others = 0;
  for (const [eviction, time] of run.evictions.time.entries()) {
    const { candidates } = orderAt(run, type, time - 1e-6);
    assertEquals(candidates[0]?.buffer, at(run.evictions.buffer, eviction), `eviction ${eviction}`);
    const longest = Math.min(...candidates.map(({ used }) => used));
    if ((candidates[0]?.used ?? 0) > longest) others++;
  }
  assert(run.evictions.time.length > 50 && others > 10, "last use alone would tell the same");
});

Deno.test("the page says whose order it is", () => {
  const of = (policy: string) => orderOf({ ...run, policy });
  assertEquals([of("lru").includes("policy, lru"), of("mru").includes("the one used last")], [true, true]);
  assertEquals([of("arc").includes("arc, is not recorded"), of("none").includes("no policy")], [true, true]);
});
