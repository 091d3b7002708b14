import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { BoDevice, SimulatedClock, TtmError } from "../mod.ts";
import { fence, TestDriver } from "../testing_devices.ts";

/** Schedules events that record their name, and the clock's time, when they run. */
function noting(clock: SimulatedClock) {
  const seen: string[] = [];
  const note = (at: number, name: string) => clock.schedule(at, () => seen.push(`${name}@${clock.now()}`));
  return { seen, note };
}

/** Lets the event loop turn a few times. */
async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("SimulatedClock runs events by time, and equal times in the order of scheduling", () => {
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
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(40), fc.boolean()), { maxLength: 60, size: "max" }), (plan) => {
    const clock = new SimulatedClock();
    const seen: [number, number][] = [];
    const events = plan.map(([at], order) => clock.schedule(at, () => seen.push([at, order])));
    plan.forEach(([, cancel], order) => cancel && clock.cancel(events[order]));
    clock.runUntilIdle();
    const expected = plan.flatMap(([at, cancel], order): [number, number][] => cancel ? [] : [[at, order]]);
    assertEquals(seen, expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
  }));
});

Deno.test("an event scheduled in the past runs at the present time, and not inside schedule()", () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  clock.advanceTo(10);
  note(3, "late");
  assertEquals(seen, []);
  assertEquals(clock.runNext(), true);
  assertEquals(seen, ["late@10"]);
});

Deno.test("an event may schedule others, also for the same time", () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  clock.schedule(2, () => [note(2, "now"), note(4, "then")]);
  clock.advanceTo(3);
  assertEquals(seen, ["now@2"]);
  clock.advanceTo(4);
  assertEquals(seen, ["now@2", "then@4"]);
});

Deno.test("advanceTo() runs events at its own time, and never goes back", () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  note(5, "a");
  note(6, "b");
  clock.advanceTo(5);
  assertEquals([seen, clock.now()], [["a@5"], 5]);
  clock.advanceTo(1);
  assertEquals(clock.now(), 5);
});

Deno.test("runNext() skips cancelled events, and returns false when none is left", () => {
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

Deno.test("events that are scheduled after a task began to wait are run for it", async () => {
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

Deno.test("a released task runs before the next event also if another task begins to wait", async () => {
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

Deno.test("a cancelled event is removed at once", async () => {
  const clock = new SimulatedClock();
  const patience = clock.schedule(1e9, () => {});
  for (let wait = 0; wait < 200_000; wait++) {
    const event = clock.schedule(1e6 + wait % 1000, () => {});
    clock.cancel(event);
    clock.cancel(event);
    if (clock.pending !== 1) throw new Error(`${clock.pending} events are kept after ${wait} waits`);
  }
  clock.cancel(patience);
  assertEquals([clock.pending, clock.runNext()], [0, false]);
  const device = new BoDevice({ driver: new TestDriver(), managers: {}, clock });
  const buffer = device.createBuffer({ bytes: 1 });
  buffer.tryReserve();
  for (let wait = 0; wait < 1000; wait++) {
    const work = fence();
    buffer.addFence(work, "write");
    const waiting = buffer.wait();
    work.signal();
    await waiting;
  }
  assertEquals(clock.pending, 0);
});

Deno.test("cancel() ignores events of other clocks, past events, and values that are not events", () => {
  const [clock, other] = [new SimulatedClock(), new SimulatedClock()];
  const { seen, note } = noting(clock);
  const first = note(1, "a");
  clock.runNext();
  note(2, "b");
  clock.cancel(first);
  clock.cancel(other.schedule(2, () => {}));
  clock.cancel(undefined);
  assertEquals([clock.pending, other.pending], [1, 1]);
  clock.runUntilIdle();
  assertEquals([seen, clock.pending], [["a@1", "b@2"], 0]);
});

Deno.test("sleep() ends at its simulated time, in order with other events, and lets time advance", async () => {
  const clock = new SimulatedClock();
  const { seen, note } = noting(clock);
  note(5, "before");
  note(20, "never");
  const naps = [10, 3, 10, 0].map(async (ms, at) => {
    await clock.sleep(ms);
    seen.push(`nap ${at}@${clock.now()}`);
  });
  await Promise.all(naps);
  assertEquals(seen, ["nap 3@0", "nap 1@3", "before@5", "nap 0@10", "nap 2@10"]);
  assertEquals(clock.pending, 1);
  await turns();
  assertEquals(clock.now(), 10);
  clock.advanceTo(12);
  const later = clock.sleep(1);
  clock.advanceTo(13);
  await later;
});

Deno.test("an aborted sleep() rejects with the reason and leaves no event", async () => {
  const clock = new SimulatedClock();
  const abort = new AbortController();
  const sleeping = clock.sleep(1e6, { signal: abort.signal });
  assertEquals(clock.pending, 1);
  abort.abort("enough");
  assertEquals([await sleeping.catch((reason) => reason), clock.pending], ["enough", 0]);
  assertEquals(await clock.sleep(1, { signal: abort.signal }).catch((reason) => reason), "enough");
  assertEquals([clock.pending, clock.now()], [0, 0]);
  await turns();
  clock.schedule(1, () => {});
  await turns();
  assertEquals(clock.now(), 0);
});

for (const ms of [-1, NaN, Infinity, "5", undefined]) {
  Deno.test(`sleep() refuses ${String(ms)} as a time`, async () => {
    const clock = new SimulatedClock();
    const error = await assertRejects(() => clock.sleep(ms as number), TtmError, "Cannot sleep: ms must be");
    assertEquals([error.code, clock.pending], ["EINVAL", 0]);
  });
}

Deno.test("sleep() refuses options that it does not know", async () => {
  const clock = new SimulatedClock();
  for (const options of [{ singal: 1 }, { noWait: true }, { signal: 1 }, null]) {
    await assertRejects(() => clock.sleep(1, options as never), TtmError, "Cannot sleep: ");
  }
  assertEquals(clock.pending, 0);
});
