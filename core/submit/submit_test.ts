import { assertEquals, assertStrictEquals } from "@std/assert";
import { BoDevice, type BufferObject, checkInvariants, type Driver, type SubmitEntry } from "../mod.ts";
import { fence, only, pin, place, put, refused, refusedUnchanged, testDevice, touch } from "../testing_devices.ts";
import { allBlocked, make, NOTHING, usages, vram, where } from "./testing_submissions.ts";

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

Deno.test("a device whose driver has no hooks submits as well", async () => {
  const driver: Driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => only("system") };
  await using device = new BoDevice({ driver, managers: {} });
  using buffer = device.createBuffer({ bytes: 1 });
  await device.submit([{ buffer, placement: only("system") }], NOTHING);
  assertEquals(buffer.memoryType, "system");
});
