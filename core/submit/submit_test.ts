import { assertEquals, assertStrictEquals } from "@std/assert";
import { BoDevice, type BufferObject, checkInvariants, type Driver, type Fence, type SubmitEntry } from "../mod.ts";
import {
  addWork,
  fence,
  only,
  pin,
  place,
  put,
  refused,
  refusedUnchanged,
  testDevice,
  touch,
} from "../testing_devices.ts";

const vram = only("vram");
const NOTHING = () => {};
/** Lets all tasks run until they wait. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));
const where = (buffers: readonly BufferObject[]) => buffers.map(({ memoryType }) => memoryType);
const usages = ({ reservation }: BufferObject) => reservation.list().map(({ usage }) => usage);

/** VRAM of 8 pages, and buffers of these sizes that have no place yet. */
function make(pages: readonly number[], options: Parameters<typeof testDevice>[0] = {}) {
  const made = testDevice(options);
  const buffers = pages.map((count) => made.device.createBuffer({ bytes: count * 4096 }));
  const entries = buffers.map((buffer): SubmitEntry => ({ buffer, placement: vram }));
  const order = () => made.device.lru("vram")[0]?.map(({ id }) => id);
  return { ...made, buffers: buffers as [BufferObject, BufferObject, BufferObject], entries, order };
}

Deno.test("all buffers are reserved and in place when the work is submitted, and get its fence", async () => {
  const { device, buffers, entries, order } = make([2, 3, 3]);
  const work = fence();
  const seen: unknown[] = [];
  const [first, ...others] = entries as [SubmitEntry, ...SubmitEntry[]];
  const submitted = device.submit([{ ...first, usage: "read" }, ...others], () => {
    seen.push(...buffers.map(({ memoryType, reserved, busy }) => [memoryType, reserved, busy]));
    return work;
  });
  assertEquals(seen, buffers.map(() => ["vram", true, false]));
  assertStrictEquals(await submitted, work);
  assertEquals(buffers.map(({ reserved, busy }) => [reserved, busy]), buffers.map(() => [false, true]));
  assertEquals([buffers.map(usages), order()], [[["read"], ["write"], ["write"]], [0, 1, 2]]);
  work.signal();
  checkInvariants(device);
});

Deno.test("the order of eviction is that of the entries, whatever the buffers were before", async () => {
  const { device, entries, order } = make([1, 2, 3]);
  for (const list of [[2, 0, 1], [1, 2], [0]]) {
    await device.submit(list.map((at) => entries[at] as SubmitEntry), NOTHING);
  }
  assertEquals(order(), [1, 2, 0]);
});

Deno.test("duplicates are merged: the strongest usage counts, and the placement that one of them names", async () => {
  const { device, buffers: [a, b], entries } = make([1, 1]);
  const work = fence();
  const list: SubmitEntry[] = [
    { buffer: a, usage: "read", placement: vram },
    { buffer: a, placement: { placement: [{ memoryType: "vram" }] } },
    { buffer: a, usage: "read" },
    { buffer: b, usage: "read", placement: vram },
    { buffer: b, usage: "read" },
  ];
  await device.submit(list, () => work);
  assertEquals([usages(a), usages(b), where([a, b])], [["write"], ["read"], ["vram", "vram"]]);
  const other = { buffer: a, placement: only("gtt") };
  await refused(() => device.submit([...entries, other], NOTHING), "EINVAL", "entry 2 names another placement");
  work.signal();
});

Deno.test("buffers that share a reservation get the fence once, with the strongest usage", async () => {
  const { device, buffers: [a] } = make([1]);
  const b = device.createBuffer({ bytes: 4096, reservation: a.reservation });
  const list: SubmitEntry[] = [{ buffer: a, usage: "read", placement: vram }, { buffer: b, placement: vram }];
  for (const entries of [list, [...list].reverse()]) {
    const work = fence();
    await device.submit(entries, () => work);
    assertEquals([usages(a), a.reserved, where([a, b])], [["write"], false, ["vram", "vram"]]);
    work.signal();
  }
  checkInvariants(device);
});

Deno.test("a submission of no buffers submits its work", async () => {
  const { device } = make([]);
  const work = fence();
  assertStrictEquals(await device.submit([], () => work), work);
  assertEquals(await device.submit([], () => null), null);
});

Deno.test("wrong arguments are EINVAL, and nothing is reserved", async () => {
  const { device, buffers: [a, gone], entries: [entry] } = make([1, 1]);
  gone.unref();
  const foreign = make([1]).buffers[0];
  const bad: readonly (readonly [unknown, unknown, unknown, string])[] = [
    [null, NOTHING, {}, "the entries must be an array"],
    [[null], NOTHING, {}, "entry 0 must be an object"],
    [[{ buffer: a, use: "read" }], NOTHING, {}, 'unknown "use" in entry 0'],
    [[{ buffer: {}, placement: vram }], NOTHING, {}, "not a buffer of this device"],
    [[{ buffer: foreign, placement: vram }], NOTHING, {}, "not a buffer of this device"],
    [[{ buffer: a, usage: "reed", placement: vram }], NOTHING, {}, "the usage of entry 0 must be one of"],
    [[{ buffer: a, placement: "vram" }], NOTHING, {}, "the placement of entry 0 must be an object"],
    [[{ buffer: a, placement: only("vrom") }], NOTHING, {}, "names memory type"],
    [[{ buffer: a, placement: testDevice().device.preparePlacement(vram) }], NOTHING, {}, "prepared by another device"],
    [[{ buffer: a }], NOTHING, {}, 'names no placement, and neither does driver "test"'],
    [[{ buffer: gone, placement: vram }], NOTHING, {}, "its last reference is gone"],
    [[entry], fence(), {}, "must be a function"],
    [[entry], NOTHING, { wait: false }, 'unknown "wait"'],
    [[entry], NOTHING, { signal: 5 }, "signal"],
  ];
  for (const [entries, work, options, message] of bad) {
    await refused(() => device.submit(entries as [], work as () => void, options as object), "EINVAL", message);
    assertEquals([a.reserved, a.memoryType], [false, null], message);
  }
});

Deno.test("a driver may name the placement where an entry does not", async () => {
  const { device, driver, buffers: [a, b] } = make([1, 1]);
  const asked: unknown[] = [];
  let placement = (usage: string) => usage === "read" ? only("gtt") : vram;
  Object.assign(driver, {
    defaultPlacement(buffer: BufferObject, usage: string) {
      asked.push([buffer.id, usage]);
      return placement(usage);
    },
  });
  await device.submit([{ buffer: a, usage: "read" }, { buffer: b, usage: "read" }, { buffer: b }], NOTHING);
  assertEquals([asked, where([a, b])], [[[0, "read"], [1, "write"]], ["gtt", "vram"]]);
  placement = () => only("nowhere");
  await refused(
    () => device.submit([{ buffer: a }], NOTHING),
    "EINVAL",
    "Cannot submit buffer 0: Cannot prepare placement",
  );
  placement = () => {
    throw new Error("the device is gone");
  };
  await refused(() => device.submit([{ buffer: a }], NOTHING), "EIO", "Cannot submit buffer 0: the device is gone");
});

Deno.test("a buffer that the CPU has grabbed is EBUSY, and the others are free again", async () => {
  const { device, buffers: [a, b], entries } = make([1, 1]);
  const grab = await b.grabForCpuWrite();
  const act = () => device.submit(entries, () => fence());
  await refusedUnchanged(device, [a, b], act, "EBUSY", "Cannot submit buffer 1: the CPU writes to it");
  grab[Symbol.dispose]();
  await device.submit(entries, NOTHING);
});

Deno.test("a buffer whose last reference goes while it is waited for is EINVAL", async () => {
  const { device, buffers: [a, b], entries } = make([1, 1]);
  a.tryReserve();
  const submitted = refused(() => device.submit(entries, NOTHING), "EINVAL", "Cannot submit dying buffer 1: its last");
  await allBlocked();
  b.unref();
  a.unlock();
  await submitted;
  assertEquals(a.reserved, false);
  checkInvariants(device);
});

Deno.test("what cannot fit even alone is ENOMEM at once with a report, and nobody is evicted or waited for", async () => {
  const { device, buffers, entries, moves } = make([4, 3, 2]);
  const [resident, held] = [put(device, "vram", { pages: 3 }), put(device, "vram", { pages: 2, label: "scanout" })];
  held.tryReserve();
  moves.length = 0;
  const act = () => device.submit(entries, NOTHING);
  const error = await refusedUnchanged(device, [...buffers, resident], act, "ENOMEM");
  assertEquals(error.message, "Cannot submit: its buffers need 9 pages together, vram has 8 pages");
  assertEquals([error.report?.pages, error.report?.kept, moves], [9, [], []]);
  held.pin();
  held.unlock();
  touch(held);
  const pinned = await refusedUnchanged(device, buffers, () => device.submit(entries.slice(0, 2), NOTHING), "ENOMEM");
  assertEquals(pinned.message.split(", ").at(-1), 'and others are pinned there: buffer 4 "scanout"');
  assertEquals(pinned.report?.kept, [{ buffer: 'buffer 4 "scanout"', pages: 2, reason: "pinned" }]);
  assertEquals(pinned.report?.tried.map(({ memoryType, problem, kept }) => [memoryType, problem, kept.pinned]), [
    ["vram", "never fits", 1],
  ]);
  touch(held, () => held.unpin());
  await device.submit(entries.slice(0, 2), NOTHING);
  assertEquals(where([...buffers, held]), ["vram", "vram", null, "gtt"]);
});

Deno.test("buffers with a choice of memory types count in all of them together", async () => {
  const { device, buffers } = make([6, 6, 6]);
  const either = { placement: [{ memoryType: "vram" }, { memoryType: "gtt" }] };
  const entries = buffers.map((buffer) => ({ buffer, placement: either }));
  await refused(
    () => device.submit(entries, NOTHING),
    "ENOMEM",
    "18 pages together, gtt has 8 pages, vram has 8 pages",
  );
  await device.submit(entries.slice(1), NOTHING);
  assertEquals(where(buffers), [null, "vram", "gtt"]);
});

Deno.test("a buffer without a choice comes before one that may go elsewhere, which stands in its place", async () => {
  const { device, buffers: [choosy, other] } = make([4, 6], { gtt: 16 });
  const either = { placement: [{ memoryType: "vram" }, { memoryType: "gtt" }] };
  place(choosy, "vram");
  await device.submit([{ buffer: choosy, placement: either }, { buffer: other, placement: vram }], NOTHING);
  assertEquals(where([choosy, other]), ["gtt", "vram"]);
});

Deno.test("room that only its own buffers have broken into pieces comes together", async () => {
  const { device, entries, buffers } = make([2, 2, 4], { gtt: 16 });
  place(buffers[0], only("vram", { fpfn: 1, lpfn: 3 }));
  place(buffers[1], only("vram", { fpfn: 5, lpfn: 7 }));
  await device.submit(entries, NOTHING);
  assertEquals(where(buffers), ["vram", "vram", "vram"]);
  checkInvariants(device);
  // A pinned buffer of its own stays, and the rest cannot come together.
  const [pinned, large] = [device.createBuffer({ bytes: 4096 }), device.createBuffer({ bytes: 7 * 4096 })];
  place(pinned, only("vram", { fpfn: 4, lpfn: 5 }));
  pin(pinned);
  const list = [{ buffer: pinned, placement: vram }, { buffer: large, placement: vram }];
  const error = await refused(() => device.submit(list, NOTHING), "ENOMEM", "Cannot submit buffer 4: no room for 7");
  assertEquals([error.report?.pages, pinned.reserved, large.reserved], [7, false, false]);
});

Deno.test("the large are placed before the small, so that all fit between what is pinned", async () => {
  const { device, entries, buffers } = make([3, 4]);
  pin(put(device, only("vram", { fpfn: 4, lpfn: 5 })));
  await device.submit(entries, NOTHING);
  assertEquals(buffers.map(({ start }) => start), [5, 0]);
});

Deno.test("a stop on the way that its own buffers fill is cleared for the others first", async () => {
  const { device, driver, buffers: [a, b, c] } = make([4, 4, 2]);
  driver.stop = (from, to) => from === "system" && to === "vram" ? { memoryType: "gtt" } : null;
  for (const buffer of [a, b]) place(buffer, "gtt");
  place(c, "system");
  touch(c, () => c.tryValidate(only("system")));
  const gtt = only("gtt");
  await device.submit([a, b].map((buffer) => ({ buffer, placement: gtt })), NOTHING);
  await c.reserve();
  await c.populate();
  c.unreserve();
  await device.submit(
    [...[a, b].map((buffer) => ({ buffer, placement: gtt })), { buffer: c, placement: vram }],
    NOTHING,
  );
  assertEquals(where([a, b, c]), ["gtt", "gtt", "vram"]);
  checkInvariants(device);
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

Deno.test("a buffer that is pinned elsewhere is EINVAL", async () => {
  const { device, entries: [entry], buffers: [a] } = make([1]);
  place(a, "gtt");
  pin(a);
  await refused(
    () => device.submit([entry as SubmitEntry], NOTHING),
    "EINVAL",
    "Cannot submit buffer 0: it is pinned in gtt",
  );
  assertEquals(a.reserved, false);
});

Deno.test("what the work throws is passed on, and nothing is left reserved or fenced, nor used of late", async () => {
  const { device, buffers, entries, order } = make([1, 1, 1]);
  for (const entry of entries) await device.submit([entry], NOTHING);
  const wrong: readonly (readonly [unknown, string])[] = [
    [Promise.reject(new Error("late")), "it must be synchronous"],
    [5, "returned 5, neither a fence nor nothing"],
  ];
  for (const [result, message] of wrong) {
    await refused(() => device.submit(entries.slice(0, 2), () => result as undefined), "EINVAL", message);
  }
  const thrown = new RangeError("mine");
  const submitted = device.submit(entries.slice(0, 2), () => {
    throw thrown;
  });
  assertStrictEquals(await submitted.catch((error) => error), thrown);
  assertEquals([buffers.map(({ reserved, busy }) => reserved || busy), order()], [[false, false, false], [0, 1, 2]]);
});

Deno.test("work that gives up its buffers is EINVAL; those it uses keep its fence", async () => {
  const { device, buffers: [a, b], entries } = make([1, 1]);
  const work = fence();
  const submitted = device.submit(entries, () => {
    b.unreserve();
    return work;
  });
  assertEquals((await refused(() => submitted, "EINVAL", "given up the reservation of buffer 1")).report, undefined);
  assertEquals([[a, b].map(({ reserved }) => reserved), usages(a), usages(b)], [[false, false], ["write"], ["write"]]);
  work.signal();
});

Deno.test("the driver begins and ends a submission around its work", async () => {
  const { device, driver, buffers: [a, b], entries } = make([1, 1]);
  const calls: unknown[] = [];
  const [own, drivers] = [fence("own"), fence("driver")];
  Object.assign(driver, {
    beginSubmit: (entries: unknown[]) => void calls.push("begin", entries, where([a, b])),
    endSubmit(entries: unknown[], failed: boolean) {
      calls.push("end", entries.length, failed);
      return drivers;
    },
  });
  const list: SubmitEntry[] = [{ buffer: b, usage: "read", placement: vram }, entries[0] as SubmitEntry];
  assertStrictEquals(await device.submit(list, () => void calls.push("work")), drivers);
  const seen = [{ buffer: b, usage: "read" }, { buffer: a, usage: "write" }];
  assertEquals(calls, ["begin", seen, ["vram", "vram"], "work", "end", 2, false]);
  assertEquals([usages(b), usages(a)], [["read"], ["write"]]);
  assertStrictEquals(await device.submit(list, () => own), own);
  // What it had submitted before it threw may be under way.
  calls.length = 0;
  const thrown = new Error("half");
  const submitted = device.submit(list, () => {
    throw thrown;
  });
  assertStrictEquals(await submitted.catch((error) => error), thrown);
  assertEquals([calls.at(-1), a.reserved, a.busy], [true, false, true]);
  own.signal();
  drivers.signal();
});

Deno.test("a driver that throws before the work ends the submission, and one that throws after it as well", async () => {
  const { device, driver, buffers, entries } = make([1, 1]);
  let ran = 0;
  const beginSubmit = () => {
    throw new Error("the queue is full");
  };
  Object.assign(driver, { beginSubmit });
  const error = await refused(
    () => device.submit(entries, () => void ran++),
    "EIO",
    "Cannot submit: the queue is full",
  );
  assertEquals([(error.cause as Error).message, ran], ["the queue is full", 0]);
  for (const answer of [5, null, fence()]) {
    Object.assign(driver, { beginSubmit: () => answer });
    await refused(() => device.submit(entries, () => void ran++), "EINVAL", "from beginSubmit; { retryAfter: fence }");
  }
  assertEquals([ran, buffers.map(({ reserved, busy }) => reserved || busy)], [0, [false, false]]);
  for (const [answer, code] of [["throw", "EIO"], [5, "EINVAL"], [Promise.resolve(), "EINVAL"]] as const) {
    const endSubmit = () => {
      if (answer === "throw") throw new Error("the queue is gone");
      return answer;
    };
    Object.assign(driver, { beginSubmit: undefined, endSubmit });
    const work = fence();
    await refused(() => device.submit(entries, () => work), code, "Cannot submit: ");
    // It has been submitted, though.
    assertEquals(buffers.map(({ reserved, busy }) => [reserved, busy]), [[false, true], [false, true]]);
    work.signal();
  }
  checkInvariants(device);
});

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

Deno.test("a device whose driver has no hooks submits as well", async () => {
  const driver: Driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => only("system") };
  await using device = new BoDevice({ driver, managers: {} });
  using buffer = device.createBuffer({ bytes: 1 });
  await device.submit([{ buffer, placement: only("system") }], NOTHING);
  assertEquals(buffer.memoryType, "system");
});
