import { assert, assertEquals } from "@std/assert";
import { type Clock, SystemClock } from "../mod.ts";

const clock: Clock = new SystemClock();

function at(time: number): Promise<number> {
  return new Promise((resolve) => clock.schedule(time, () => resolve(clock.now())));
}

Deno.test("SystemClock advances by itself and runs events by time", async () => {
  const start = clock.now();
  const seen: string[] = [];
  const later = at(start + 10).then(() => seen.push("later"));
  const sooner = at(start + 2).then(() => seen.push("sooner"));
  await Promise.all([later, sooner]);
  assertEquals(seen, ["sooner", "later"]);
  assert(clock.now() >= start + 9, "10 ms have not passed");
});

Deno.test("SystemClock runs an event of the past soon, but never inside schedule()", async () => {
  let happened = false;
  const late = new Promise<void>((resolve) => {
    clock.schedule(clock.now() - 1000, () => {
      happened = true;
      resolve();
    });
  });
  assertEquals(happened, false);
  await late;
});

Deno.test("SystemClock forgets cancelled events and ignores those that have happened", async () => {
  let cancelled = true;
  const event = clock.schedule(clock.now(), () => cancelled = false);
  clock.cancel(event);
  await at(clock.now() + 2);
  assertEquals(cancelled, true);
  clock.cancel(event);
});

Deno.test("SystemClock advances also while no task waits", () => {
  assertEquals(clock.taskBlocked, undefined);
});
