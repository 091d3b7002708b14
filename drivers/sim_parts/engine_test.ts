import { assert, assertEquals, assertThrows } from "@std/assert";
import { FenceContext, SimulatedClock } from "@ttm/core";
import { Engine } from "./engine.ts";

/** An engine, and tasks that record when they have their effect. */
function engineWithLog() {
  const clock = new SimulatedClock();
  const engine = new Engine(clock, "test");
  const log: string[] = [];
  const note = (name: string) => () => void log.push(`${name} at ${clock.now()}`);
  return { clock, engine, log, note };
}

const fence = () => new FenceContext("elsewhere").next();

Deno.test("Engine runs tasks one after another, also if a later one is ready first", () => {
  const { clock, engine, log, note } = engineWithLog();
  const gate = fence();
  engine.submit([gate], 3, note("first"));
  engine.submit([], 2, note("second"));
  clock.schedule(10, () => gate.signal());
  clock.runUntilIdle();
  assertEquals(log, ["first at 13", "second at 15"]);
});

Deno.test("Engine starts a task when the last of its fences has signalled", () => {
  const { clock, engine, log, note } = engineWithLog();
  const gates = [fence(), fence(), fence()];
  engine.submit(gates, 1, note("task"));
  for (const [at, gate] of gates.entries()) clock.schedule(10 * (3 - at), () => gate.signal());
  clock.runUntilIdle();
  assertEquals(log, ["task at 31"]);
});

Deno.test("Engine never starts a task whose fence does not signal, nor later tasks", () => {
  const { clock, engine, log, note } = engineWithLog();
  engine.submit([], 1, note("before"));
  engine.submit([fence()], 1, note("stuck"));
  engine.submit([], 1, note("behind"));
  clock.runUntilIdle();
  assertEquals(log, ["before at 1"]);
});

Deno.test("Engine does not wait for fences that have signalled or failed", () => {
  const { clock, engine, log, note } = engineWithLog();
  const [done, failed] = [fence(), fence()];
  done.signal();
  failed.signal(new Error("lost"));
  engine.submit([done, failed], 1, note("task"));
  clock.runUntilIdle();
  assertEquals(log, ["task at 1"]);
  assertEquals(engine.stats.stalls, 0);
});

Deno.test("Engine runs a task's effect at its end, just before its fence signals", () => {
  const { clock, engine, log, note } = engineWithLog();
  const fence = engine.submit([], 5, () => {
    assert(!fence.signalled);
    note("effect")();
  });
  fence.onSignal(note("fence"));
  clock.advanceTo(4.9);
  assertEquals([log, fence.signalled], [[], false]);
  clock.advanceTo(5);
  assertEquals([log, fence.signalled], [["effect at 5", "fence at 5"], true]);
});

Deno.test("Engine never runs an effect inside submit(), also for a duration of 0", () => {
  const { clock, engine, log, note } = engineWithLog();
  const fences = ["first", "second", "third"].map((name) => engine.submit([], 0, note(name)));
  assertEquals(log, []);
  clock.runUntilIdle();
  assertEquals(log, ["first at 0", "second at 0", "third at 0"]);
  assert(fences.every((fence) => fence.signalled));
});

Deno.test("Engine queues tasks that an effect or a fence callback submits after the others", () => {
  const { clock, engine, log, note } = engineWithLog();
  const first = engine.submit([], 1, () => engine.submit([], 1, note("by effect")));
  first.onSignal(() => engine.submit([], 1, note("by fence")));
  engine.submit([], 1, note("second"));
  clock.runUntilIdle();
  assertEquals(log, ["second at 2", "by effect at 3", "by fence at 4"]);
});

Deno.test("Engines whose tasks end at the same time run their effects in the order of their starts", () => {
  const { clock, engine, log, note } = engineWithLog();
  const other = new Engine(clock, "other");
  other.submit([], 4, note("other"));
  engine.submit([], 2, note("engine"));
  engine.submit([], 2, note("engine"));
  clock.runUntilIdle();
  assertEquals(log, ["engine at 2", "other at 4", "engine at 4"]);
});

Deno.test("Engine continues after a fence callback that throws, and passes the error on", () => {
  const { clock, engine, log, note } = engineWithLog();
  const first = engine.submit([], 1, note("first"));
  first.onSignal(() => {
    throw new Error("not mine");
  });
  engine.submit([], 1, note("second"));
  assertThrows(() => clock.runUntilIdle(), Error, "not mine");
  clock.runUntilIdle();
  assertEquals([first.signalled, first.error, log], [true, undefined, ["first at 1", "second at 2"]]);
});

Deno.test("Engine makes fences of one timeline", () => {
  const { engine } = engineWithLog();
  const [first, second] = [engine.submit([], 1, () => {}), engine.submit([], 1, () => {})];
  assertEquals([first, second].map(String), ["test#1", "test#2"]);
  assert(first.context === second.context);
});

Deno.test("Engine counts ended tasks, busy time, and stalls while it is free but must wait", () => {
  const { clock, engine, note } = engineWithLog();
  assertEquals(engine.stats, { tasks: 0, busyMs: 0, stalls: 0, stalledMs: 0 });
  const [early, late] = [fence(), fence()];
  clock.schedule(2, () => early.signal());
  clock.schedule(12, () => late.signal());
  engine.submit([], 5, note("not stalled"));
  engine.submit([early], 3, note("ready before its turn"));
  engine.submit([late], 1, note("stalled from 8 to 12"));
  clock.advanceTo(7);
  assertEquals(engine.stats, { tasks: 1, busyMs: 5, stalls: 0, stalledMs: 0 });
  clock.runUntilIdle();
  assertEquals(engine.stats, { tasks: 3, busyMs: 9, stalls: 1, stalledMs: 4 });
});

Deno.test("Engine does not count idle time without tasks as a stall", () => {
  const { clock, engine, note } = engineWithLog();
  engine.submit([], 1, note("first"));
  clock.advanceTo(50);
  engine.submit([], 1, note("second"));
  clock.runUntilIdle();
  assertEquals(engine.stats, { tasks: 2, busyMs: 2, stalls: 0, stalledMs: 0 });
});

Deno.test("Engine fails the fence of a task whose effect throws, and continues with the next", () => {
  const { clock, engine, log, note } = engineWithLog();
  const failure = new Error("out of registers");
  const fence = engine.submit([], 1, () => {
    throw failure;
  });
  engine.submit([], 1, note("next"));
  clock.runUntilIdle();
  assertEquals([fence.signalled, fence.error], [true, failure]);
  assertEquals(log, ["next at 2"]);
});

Deno.test("a halted Engine starts no task until it is resumed", () => {
  const { clock, engine, log, note } = engineWithLog();
  const gate = fence();
  engine.submit([gate], 1, note("waiting"));
  const goOn = engine.halt();
  gate.signal();
  engine.submit([], 1, note("later"));
  clock.runUntilIdle();
  assertEquals(log, []);
  assertEquals(goOn(new Error("reset")), false);
  clock.runUntilIdle();
  assertEquals(log, ["waiting at 1", "later at 2"]);
});

Deno.test("a resumed Engine has lost its running task, whose effect is not run", () => {
  for (const durationMs of [10, Infinity]) {
    const { clock, engine, log, note } = engineWithLog();
    const error = new Error("reset");
    const lost = engine.submit([], durationMs, note("lost"));
    engine.submit([], 1, note("next"));
    clock.advanceTo(4);
    assertEquals(engine.halt()(error), true);
    assertEquals([lost.error, engine.stats], [error, { tasks: 1, busyMs: 4, stalls: 0, stalledMs: 0 }]);
    clock.runUntilIdle();
    assertEquals([log, engine.stats.busyMs], [["next at 5"], 5]);
  }
});

Deno.test("Engine with a hung task schedules no event", () => {
  const { clock, engine, log, note } = engineWithLog();
  const hung = engine.submit([], Infinity, note("hung"));
  engine.submit([], 1, note("behind"));
  assertEquals([clock.runNext(), hung.signalled, log], [false, false, []]);
});
