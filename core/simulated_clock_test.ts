import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SimulatedClock } from "./mod.ts";

/** Schedules events that note their name, and the clock's time, when they happen. */
function noting(clock: SimulatedClock) {
  const seen: string[] = [];
  const note = (at: number, name: string) => clock.schedule(at, () => seen.push(`${name}@${clock.now()}`));
  return { seen, note };
}

/** Lets the event loop turn a few times. */
async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("SimulatedClock makes events happen by time, and equal times in the order of scheduling", () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  note(5, "b");
  note(7, "d");
  note(5, "c");
  note(1, "a");
  clock.runUntilIdle();
  assertEquals(seen, ["a@1", "b@5", "c@5", "d@7"]);
});

Deno.test("SimulatedClock keeps the order of any set of events, some cancelled", () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(9), fc.boolean()), { maxLength: 60 }), (plan) => {
    const clock = new SimulatedClock();
    const seen: [number, number][] = [];
    const events = plan.map(([at], order) => clock.schedule(at, () => seen.push([at, order])));
    plan.forEach(([, cancel], order) => cancel && clock.cancel(events[order]));
    clock.runUntilIdle();
    const expected = plan.flatMap(([at, cancel], order): [number, number][] => cancel ? [] : [[at, order]]);
    assertEquals(seen, expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
  }));
});

Deno.test("schedule() of the past happens at the present time, and not at once", () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  clock.advanceTo(10);
  note(3, "late");
  assertEquals(seen, []);
  assertEquals(clock.runNext(), true);
  assertEquals(seen, ["late@10"]);
});

Deno.test("an event may schedule others, for the same moment too", () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  clock.schedule(2, () => [note(2, "now"), note(4, "then")]);
  clock.advanceTo(3);
  assertEquals(seen, ["now@2"]);
  clock.advanceTo(4);
  assertEquals(seen, ["now@2", "then@4"]);
});

Deno.test("advanceTo() includes its own moment and never goes back", () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  note(5, "a");
  note(6, "b");
  clock.advanceTo(5);
  assertEquals([seen, clock.now()], [["a@5"], 5]);
  clock.advanceTo(1);
  assertEquals(clock.now(), 5);
});

Deno.test("runNext() passes over cancelled events and says when none is left", () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  clock.cancel(note(1, "cancelled"));
  note(2, "kept");
  assertEquals([clock.runNext(), clock.runNext()], [true, false]);
  assertEquals([seen, clock.now()], [["kept@2"], 2]);
});

Deno.test("runUntil() stops as soon as the condition holds, or without events", () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  for (const name of ["a", "b", "c"]) note(1, name);
  assertEquals(clock.runUntil(() => seen.length === 2), true);
  assertEquals(seen.length, 2);
  assertEquals(clock.runUntil(() => seen.length === 4), false);
  assertEquals(clock.runUntil(() => true), true);
});

Deno.test("time stands still while no task waits", async () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  note(1, "a");
  await turns();
  assertEquals([seen, clock.now()], [[], 0]);
});

Deno.test("time passes while a task waits, and stops as soon as it does not", async () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  const resume = clock.taskBlocked();
  note(1, "a");
  clock.schedule(2, resume);
  note(3, "b");
  assertEquals(seen, []);
  await turns();
  assertEquals([seen, clock.now()], [["a@1"], 2]);
});

Deno.test("a task that waits sees events that are scheduled after it began to wait", async () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  const resume = clock.taskBlocked();
  await turns();
  note(4, "new");
  await turns();
  assertEquals(seen, ["new@4"]);
  resume();
});

Deno.test("a released task runs before the next event", async () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  const task = async (until: number, name: string) => {
    await new Promise<void>((resolve) => {
      const resume = clock.taskBlocked();
      clock.schedule(until, () => [resume(), resolve()]);
    });
    seen.push(`${name}@${clock.now()}`);
  };
  const tasks = [task(2, "first"), task(6, "second")];
  note(3, "event");
  await Promise.all(tasks);
  assertEquals(seen, ["first@2", "event@3", "second@6"]);
});

Deno.test("a released task runs first also if the event that releases it makes another wait", async () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  const resume = clock.taskBlocked();
  let other = () => {};
  clock.schedule(1, () => {
    resume();
    queueMicrotask(() => seen.push("released"));
    other = clock.taskBlocked();
  });
  note(2, "event");
  await turns();
  assertEquals(seen, ["released", "event@2"]);
  other();
});

Deno.test("the release of a task counts once", async () => {
  const clock = new SimulatedClock();
  const [first, second] = [clock.taskBlocked(), clock.taskBlocked()];
  first();
  first();
  let happened = false;
  clock.schedule(1, () => happened = true);
  await turns();
  assert(happened, "a task still waits, time must pass");
  second();
});
