import { assertEquals } from "@std/assert";
import { checkInvariants, type Fence, type SubmitEntry } from "../mod.ts";
import { addWork, fence, only, place, put, refused, refusedUnchanged } from "../testing_devices.ts";
import { allBlocked, make, NOTHING, vram, where } from "./testing_submissions.ts";

Deno.test("a driver that postpones a submission is asked again, with all buffers in place", async () => {
  const { device, driver, clock, buffers, entries } = make([1, 1]);
  const steps = [fence("first"), fence("second")];
  const calls: unknown[] = [];
  let answers = [...steps];
  const beginSubmit = () => {
    calls.push(where(buffers.slice(0, 2)));
    const step = answers.shift();
    return step && { retryAfter: step };
  };
  Object.assign(driver, { beginSubmit });
  await refused(() => device.submit(entries, NOTHING, { noWait: true }), "EBUSY", "it would have to wait");
  answers = [...steps];
  calls.length = 0;
  const submitted = device.submit(entries, () => void calls.push("work"));
  await allBlocked();
  assertEquals([calls.length, buffers[0].reserved], [1, true]);
  for (const step of steps) {
    step.signal(new Error("not so important"));
    await allBlocked();
  }
  await submitted;
  assertEquals(calls, [["vram", "vram"], ["vram", "vram"], ["vram", "vram"], "work"]);
  answers = [steps[0] as Fence];
  await refused(() => device.submit(entries, NOTHING), "EINVAL", "which has signalled");
  answers = [fence("never")];
  const late = refused(() => device.submit(entries, NOTHING), "EBUSY", "never#1 has not signalled for 15 s");
  await allBlocked();
  clock.advanceTo(15_000);
  await late;
  assertEquals(buffers.slice(0, 2).map(({ reserved }) => reserved), [false, false]);
});

Deno.test("a victim that others have reserved is waited for, and EBUSY with noWait", async () => {
  const { device, clock, entries, buffers: [a] } = make([6]);
  const victim = put(device, "vram", { pages: 4 });
  victim.tryReserve();
  const act = () => device.submit(entries, NOTHING, { noWait: true });
  await refusedUnchanged(device, [a, victim], act, "EBUSY", "it would have to wait");
  const submitted = device.submit(entries, NOTHING);
  await allBlocked();
  assertEquals([a.memoryType, victim.memoryType], [null, "vram"]);
  victim.unreserve();
  await submitted;
  assertEquals([a.memoryType, victim.memoryType, a.reserved, victim.reserved], ["vram", "gtt", false, false]);
  const next = device.createBuffer({ bytes: 8 * 4096 });
  a.tryReserve();
  const late = refused(() => device.submit([{ buffer: next, placement: vram }], NOTHING), "EBUSY", "for 15 s");
  await allBlocked();
  clock.advanceTo(15_000);
  await late;
  a.unlock();
  assertEquals(next.reserved, false);
  checkInvariants(device);
});

Deno.test("a busy victim is waited for, and EBUSY with noWait", async () => {
  const { device, entries, buffers: [a] } = make([6]);
  const victim = put(device, "vram", { pages: 4 });
  const work = addWork(victim);
  await refused(() => device.submit(entries, NOTHING, { noWait: true }), "EBUSY", "it would have to wait");
  const submitted = device.submit(entries, NOTHING);
  await allBlocked();
  assertEquals(a.memoryType, null);
  work.signal();
  await submitted;
  assertEquals([a.memoryType, victim.memoryType], ["vram", "gtt"]);
});

Deno.test("noWait is EBUSY while others hold a buffer, or stand in the line", async () => {
  const { device, entries, buffers: [a, b] } = make([1, 1]);
  a.tryReserve();
  const [first, second] = entries as [SubmitEntry, SubmitEntry];
  await refused(() => device.submit([second, first], NOTHING, { noWait: true }), "EBUSY", "it would have to wait");
  assertEquals(b.reserved, false);
  const waiting = device.submit([first], NOTHING);
  await refused(() => device.submit([second], NOTHING, { noWait: true }), "EBUSY", "it would have to wait");
  a.unlock();
  await waiting;
  await device.submit([second], NOTHING, { noWait: true });
});

Deno.test("a younger submission does not begin while an older one waits for the same memory type", async () => {
  const { device, entries, buffers: [a, b] } = make([8, 1]);
  const victim = put(device, "vram", { pages: 8 });
  const work = addWork(victim);
  const ended: string[] = [];
  const [first, second] = entries as [SubmitEntry, SubmitEntry];
  const older = device.submit([first], () => void ended.push("older"));
  const younger = device.submit([second], () => void ended.push("younger"));
  const elsewhere = device.createBuffer({ bytes: 4096 });
  await device.submit([{ buffer: elsewhere, placement: only("system") }], () => void ended.push("elsewhere"));
  await allBlocked();
  assertEquals([ended, b.reserved, a.reserved], [["elsewhere"], false, true]);
  work.signal();
  await Promise.all([older, younger]);
  assertEquals([ended, where([a, b])], [["elsewhere", "older", "younger"], ["gtt", "vram"]]);
  checkInvariants(device);
});

Deno.test("two submissions that list the same buffers in opposite order both come to their end, the older first", async () => {
  const { device, entries, buffers: [a, b] } = make([1, 1]);
  const ended: string[] = [];
  b.tryReserve();
  const submitted = [
    device.submit(entries, () => void ended.push("first")),
    device.submit([...entries].reverse(), () => void ended.push("second")),
  ];
  await allBlocked();
  b.unlock();
  await Promise.all(submitted);
  assertEquals([ended, a.reserved, b.reserved], [["first", "second"], false, false]);
});

Deno.test("an abort at any wait leaves nothing reserved and nobody in the line", async () => {
  const { device, driver, entries, buffers } = make([4, 4]);
  const victim = put(device, "vram", { pages: 8 });
  const waits: Readonly<Record<string, () => () => void>> = {
    "for a buffer": () => {
      buffers[1].tryReserve();
      return () => buffers[1].unlock();
    },
    "for a reserved victim": () => {
      victim.tryReserve();
      return () => victim.unlock();
    },
    "for a busy victim": () => {
      const work = addWork(victim);
      return () => work.signal();
    },
    "for the driver": () => {
      const step = fence();
      Object.assign(driver, { beginSubmit: () => ({ retryAfter: step }) });
      return () => Object.assign(driver, { beginSubmit: undefined });
    },
  };
  for (const [wait, block] of Object.entries(waits)) {
    const unblock = block();
    const abort = new AbortController();
    const both = Promise.allSettled([1, 2].map(() => device.submit(entries, NOTHING, { signal: abort.signal })));
    await allBlocked();
    abort.abort(wait);
    assertEquals((await both).map((ended) => ended.status === "rejected" && ended.reason), [wait, wait]);
    unblock();
    assertEquals(buffers.slice(0, 2).map(({ reserved, reservation }) => [reserved, reservation.waiting]), [[false, 0], [
      false,
      0,
    ]]);
    await device.submit([], NOTHING, { noWait: true });
    const early = device.submit(entries, NOTHING, { signal: AbortSignal.abort("before") });
    assertEquals(await early.catch((reason) => reason), "before");
    for (const buffer of buffers.slice(0, 2)) place(buffer, "system");
    place(victim, "vram");
    checkInvariants(device);
  }
});

Deno.test("evicting its own buffers may have to wait; it goes on where it was", async () => {
  const { device, driver, entries, buffers } = make([2, 2, 4], { gtt: 16 });
  place(buffers[0], only("vram", { fpfn: 1, lpfn: 3 }));
  place(buffers[1], only("vram", { fpfn: 5, lpfn: 7 }));
  const work = addWork(buffers[1]);
  const submitted = device.submit(entries, NOTHING);
  await allBlocked();
  assertEquals([where(buffers), buffers[0].reserved], [["gtt", "vram", null], true]);
  work.signal();
  await submitted;
  assertEquals(where(buffers), ["vram", "vram", "vram"]);
  assertEquals(driver.requests.filter(({ evict }) => evict).length, 2);
});

Deno.test("the waits for one buffer together may take 15 s, those for each buffer anew", async () => {
  const { device, driver, clock, entries, buffers } = make([1, 1]);
  const steps: Fence[] = [];
  const asked = new Set<unknown>();
  const move = driver.move.bind(driver);
  driver.move = (request) => {
    if (asked.has(request.buffer)) return move(request);
    asked.add(request.buffer);
    return { retryAfter: push(steps) } as never;
  };
  const submitted = device.submit(entries, NOTHING);
  for (const until of [10_000, 20_000]) {
    await allBlocked();
    clock.advanceTo(until);
    steps.at(-1)?.signal();
  }
  await submitted;
  assertEquals(where(buffers.slice(0, 2)), ["vram", "vram"]);
  for (const buffer of buffers.slice(0, 2)) place(buffer, "system");
  driver.move = (request) => request.destination.table === null ? { retryAfter: push(steps) } as never : move(request);
  const late = refused(() => device.submit(entries, NOTHING), "EBUSY", "has not signalled for 15 s");
  for (const until of [30_000, 35_000]) {
    await allBlocked();
    clock.advanceTo(until);
    steps.at(-1)?.signal();
  }
  await late;
  assertEquals(buffers.slice(0, 2).map(({ reserved }) => reserved), [false, false]);
});

function push(steps: Fence[]): Fence {
  const step = fence("step");
  steps.push(step);
  return step;
}

Deno.test("a submission that has waited twice stands in the way of all, since room elsewhere may be what it lacks", async () => {
  const { device, entries, buffers: [a] } = make([8]);
  const keepers = [put(device, "gtt", { pages: 4 }), put(device, "gtt", { pages: 4 })] as const;
  const victim = put(device, "vram", { pages: 8 });
  for (const keeper of keepers) keeper.tryReserve();
  const ended: string[] = [];
  const older = device.submit(entries, () => void ended.push("older"));
  await allBlocked();
  keepers[0].unlock();
  await allBlocked();
  const small = device.createBuffer({ bytes: 4096 });
  const younger = device.submit([{ buffer: small, placement: only("gtt") }], () => void ended.push("younger"));
  await allBlocked();
  assertEquals(ended, []);
  keepers[1].unlock();
  await Promise.all([older, younger]);
  assertEquals([ended, where([a, victim])], [["older", "younger"], ["vram", "system"]]);
});

Deno.test("a victim that has nowhere to go waits for those that keep its place", async () => {
  for (const busy of [false, true]) {
    const { device, driver, entries, buffers: [a] } = make([8], { ordered: busy });
    driver.evict = ({ memoryType }) => only(memoryType === "vram" ? "gtt" : "system");
    const [keeper, victim] = [put(device, "gtt", { pages: 8 }), put(device, "vram", { pages: 8 })];
    while (driver.copies.length > 0) driver.finishCopy();
    const work = busy ? addWork(victim) : null;
    keeper.tryReserve();
    const submitted = device.submit(entries, NOTHING);
    await allBlocked();
    assertEquals(a.memoryType, null);
    keeper.unlock();
    await allBlocked();
    work?.signal();
    while (driver.copies.length > 0) driver.finishCopy();
    await submitted;
    assertEquals(where([a, victim, keeper]), ["vram", "gtt", "system"]);
  }
});
