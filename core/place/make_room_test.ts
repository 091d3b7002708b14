import { assertEquals, assertStrictEquals } from "@std/assert";
import { AcquireTicket, type BufferObject, checkInvariants, type Placement } from "../mod.ts";
import {
  addWork,
  bytesIn,
  fill,
  only,
  pin,
  place,
  put,
  refused,
  refusedUnchanged,
  testDevice,
  type TestDriverOptions,
  whileReserved,
} from "../testing_devices.ts";

/** A device whose VRAM is full of buffers of these sizes in pages, each filled with its number. */
async function fullVram(sizes: readonly number[], options: TestDriverOptions = {}) {
  const made = testDevice(options);
  const victims = sizes.map((pages) => put(made.device, "vram", { pages }));
  for (const victim of victims) await fill(victim, victim.id);
  made.moves.length = 0;
  made.driver.calls.length = 0;
  return { ...made, victims: victims as [BufferObject, BufferObject, BufferObject] };
}

const where = (buffers: readonly BufferObject[]) => buffers.map(({ memoryType }) => memoryType);

Deno.test("validate() evicts the oldest until there is room, and no more", async () => {
  const { device, victims, moves } = await fullVram([2, 2, 4]);
  const buffer = put(device, "vram", { pages: 3 });
  assertEquals([where(victims), buffer.start], [["gtt", "gtt", "vram"], 0]);
  assertEquals(moves, ["0 vram>gtt@0 evict", "1 vram>gtt@2 evict", "3 nowhere>vram@0"]);
  assertEquals(await Promise.all(victims.map(bytesIn)), [[0], [1], [2]]);
  checkInvariants(device);
});

Deno.test("a buffer of a lower priority is evicted before older ones", () => {
  const { device } = testDevice();
  const [high, low] = [put(device, "vram", { pages: 4, priority: 2 }), put(device, "vram", { pages: 4, priority: 1 })];
  put(device, "vram");
  assertEquals(where([high, low]), ["vram", "gtt"]);
});

Deno.test("validate() skips a reserved victim and evicts the next", async () => {
  const { device, victims } = await fullVram([4, 4]);
  whileReserved(victims[0], () => put(device, "vram"));
  assertEquals(where(victims), ["vram", "gtt"]);
});

Deno.test("validate() skips a pinned victim and evicts the next", async () => {
  const { device, victims, moves } = await fullVram([4, 4]);
  pin(victims[0]);
  put(device, "vram", { pages: 3 });
  assertEquals([where(victims), moves.length], [["vram", "gtt"], 2]);
});

Deno.test("validate() does not evict buffers outside its range", async () => {
  const { device, victims } = await fullVram([3, 3, 2]);
  const buffer = put(device, only("vram", { fpfn: 4, lpfn: 6 }));
  assertEquals([where(victims), buffer.start], [["vram", "gtt", "vram"], 4]);
});

Deno.test("a manager's intersects() decides which buffers are in the way", async () => {
  const { device, victims } = await fullVram([4, 4]);
  const last = victims.at(1);
  const { type } = victims[0];
  Object.assign(type?.manager ?? {}, { intersects: (handle: number) => handle === last?.handle });
  put(device, "vram");
  assertEquals(where(victims), ["vram", "gtt"]);
});

Deno.test("a victim that could not be evicted keeps its LRU position, and an evicted one goes to the tail of its new list", async () => {
  const { device, victims, driver } = await fullVram([4, 4]);
  const resident = put(device, "gtt");
  driver.beforeMove = ({ buffer }) => {
    if (buffer === victims[0]) throw new Error("broken");
  };
  const buffer = put(device, "vram");
  assertEquals([device.lru("vram")[0], device.lru("gtt")[0]], [[victims[0], buffer], [resident, victims[1]]]);
});

Deno.test("evicted buffers make room for themselves by evicting others", async () => {
  const { device, victims, moves } = await fullVram([8], { gtt: 8, gtt2: 4 });
  const [inGtt, inGtt2] = [put(device, "gtt", { pages: 8 }), put(device, "gtt2", { pages: 4 })];
  moves.length = 0;
  const buffer = put(device, "vram");
  assertEquals(where([buffer, victims[0], inGtt, inGtt2]), ["vram", "gtt", "system", "gtt2"]);
  assertEquals(moves, ["1 gtt>system@0 evict", "0 vram>gtt@0 evict", "3 nowhere>vram@0"]);
  assertEquals(await bytesIn(victims[0]), [0]);
});

Deno.test("three memory types evict in a chain", () => {
  const { device, driver } = testDevice({ gtt2: 8 });
  const next: Record<string, string> = { vram: "gtt", gtt: "gtt2", gtt2: "system" };
  driver.evict = ({ memoryType }) => only(next[memoryType ?? ""] ?? "system");
  const buffers = ["gtt2", "gtt", "vram", "vram"].map((type) => put(device, type, { pages: 8 }));
  assertEquals(where(buffers), ["system", "gtt2", "gtt", "vram"]);
  checkInvariants(device);
});

const circles: readonly (readonly [string, (buffer: BufferObject) => Placement])[] = [
  ["the memory type that it leaves", () => only("vram")],
  ["memory types in a circle", ({ memoryType }) => only(memoryType === "vram" ? "gtt" : "vram")],
  ["the range that it leaves", ({ start }) => only("vram", { fpfn: start ?? 0 })],
];
for (const [name, evict] of circles) {
  Deno.test(`validate() is ENOMEM if the driver's eviction placement is ${name}`, async () => {
    const { device, driver, victims } = await fullVram([1, 1, 1, 1, 1, 1, 1, 1]);
    for (let page = 0; page < 8; page++) put(device, "gtt");
    driver.evict = evict;
    const buffer = put(device, "system");
    buffer.tryReserve();
    const { report } = await refused(() => buffer.validate(only("vram")), "ENOMEM");
    assertEquals(report?.tried.at(-1)?.kept["cannot leave"], 8);
    assertEquals([where(victims), buffer.memoryType], [Array(8).fill("vram"), "system"]);
    checkInvariants(device);
  });
}

Deno.test("a victim that moves within its memory type makes room for a limited range", async () => {
  const { device, driver, victims } = await fullVram([2, 2]);
  driver.evict = () => only("vram", { fpfn: 4 });
  const buffer = put(device, only("vram", { lpfn: 2 }), { pages: 2 });
  assertEquals([buffer.start, victims[0].start, await bytesIn(victims[0])], [0, 4, [0]]);
});

Deno.test("the search ends if victims only move within their memory type", async () => {
  const { device, driver, victims } = await fullVram([1, 1]);
  let asked = 0;
  driver.evict = () => {
    if (++asked > 100) throw new Error("chased for ever");
    return only("vram");
  };
  const buffer = put(device, "system", { pages: 8 });
  buffer.tryReserve();
  const { cause } = await refused(() => buffer.validate(only("vram")), "ENOMEM");
  assertEquals([cause, where(victims), await Promise.all(victims.map(bytesIn))], [undefined, ["vram", "vram"], [[0], [
    1,
  ]]]);
  checkInvariants(device);
});

Deno.test("the search under a ticket ends if victims only move within their memory type, with and without noWait", async () => {
  for (const noWait of [false, true]) {
    const { device, driver } = await fullVram([1, 1]);
    let asked = 0;
    driver.evict = () => {
      if (++asked > 100) throw new Error("chased for ever");
      return only("vram");
    };
    const buffer = put(device, "system", { pages: 8 });
    buffer.tryReserve(new AcquireTicket());
    const { cause } = await refused(() => buffer.validate(only("vram"), { noWait }), "ENOMEM");
    assertEquals(cause, undefined);
  }
});

Deno.test("under a ticket the search is repeated while it evicts buffers, also with noWait", async () => {
  for (const [ticket, room] of [[new AcquireTicket(), true], [undefined, false]] as const) {
    const { device, driver, victims } = await fullVram([4, 4]);
    driver.evict = ({ id }) => {
      if (id === 0 && victims[1].memoryType === "vram") throw new Error("not before the other");
      return only("gtt");
    };
    const buffer = put(device, "system", { pages: 8 });
    buffer.tryReserve(ticket);
    const validated = buffer.validate(only("vram"), { noWait: true }).then(() => true, () => false);
    assertEquals([await validated, where(victims)[0]], [room, room ? "gtt" : "vram"]);
  }
});

/** Full VRAM whose buffers leave by way of GTT, which makes ghosts; waits end at once, and ghosts stay all the same. */
function ghostlyVram() {
  const made: ReturnType<typeof testDevice> = testDevice({
    ordered: true,
    tracer: {
      wait: (work) => {
        while (!work.signalled) made.driver.finishCopy();
      },
    },
  });
  const { device, driver } = made;
  const victims = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })] as const;
  while (driver.copies.length > 0) driver.finishCopy();
  driver.evict = () => only("system");
  driver.stop = (from, to) => from === "vram" && to === "system" ? { memoryType: "gtt" } : null;
  device.holdDelayedDestroy();
  return { device, driver, victims };
}

Deno.test("the search visits ghost objects of its own evictions, and takes their room when their work has ended", () => {
  const { device, victims } = ghostlyVram();
  const buffer = put(device, "vram", { pages: 8 });
  assertEquals([buffer.memoryType, where(victims)], ["vram", ["system", "system"]]);
});

Deno.test("evictAll() goes on past the ghost objects of its own evictions", async () => {
  const { device, driver, victims: [victim, other] } = ghostlyVram();
  other.unref();
  let asked = 0;
  driver.evict = () => asked++ === 0 ? only("vram", { fpfn: 4 }) : only("system");
  await device.evictAll("vram");
  assertEquals([asked, victim.memoryType, device.usage("vram").residents], [2, "system", 0]);
});

Deno.test("a signal that is aborted during the search takes precedence over EDEADLK", async () => {
  const { device, driver, victims } = await fullVram([4, 4]);
  const abort = new AbortController();
  driver.evict = () => {
    abort.abort("enough");
    return only("gtt");
  };
  victims[1].tryReserve(new AcquireTicket());
  const buffer = put(device, "system", { pages: 8 });
  buffer.tryReserve(new AcquireTicket());
  const validated = buffer.validate(only("vram"), { signal: abort.signal });
  assertEquals(await validated.catch((reason) => reason), "enough");
});

Deno.test("a victim without an eviction placement loses its contents", async () => {
  const { device, driver, victims, moves } = await fullVram([8]);
  driver.evict = () => ({ placement: [] });
  const buffer = put(device, "vram", { pages: 8 });
  assertEquals([where([victims[0], buffer]), moves], [[null, "vram"], ["1 nowhere>vram@0"]]);
  assertEquals(driver.calls, ["notify 0 vram>null", "notify 1 null>vram", "move 1 zero>vram"]);
  assertEquals([await bytesIn(victims[0]), victims[0].tt?.populated], [[0], false]);
  checkInvariants(device);
});

const broken: readonly (readonly [string, (buffer: BufferObject) => unknown])[] = [
  ["throws", () => {
    throw new Error("broken");
  }],
  ["names an unknown memory type", () => only("hbm")],
  ["is nothing", () => undefined],
];
for (const [name, evict] of broken) {
  Deno.test(`a victim whose eviction placement ${name} is skipped`, async () => {
    const { device, driver, victims } = await fullVram([4, 4]);
    driver.evict = (buffer) => buffer === victims[0] ? evict(buffer) as Placement : only("gtt");
    put(device, "vram");
    assertEquals(where(victims), ["vram", "gtt"]);
    const buffer = put(device, "system", { pages: 8 });
    buffer.tryReserve();
    const { cause } = await refused(() => buffer.validate(only("vram")), "ENOMEM");
    assertEquals(cause instanceof Error, true);
    checkInvariants(device);
  });
}

Deno.test("evicted buffers stay evicted when validate() fails", async () => {
  const { device, victims } = await fullVram([2, 2, 4]);
  pin(victims[2]);
  const buffer = put(device, "system", { pages: 5 });
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "ENOMEM");
  assertEquals([where(victims), buffer.memoryType], [["gtt", "gtt", "vram"], "system"]);
  checkInvariants(device);
});

Deno.test("validate() is ENOMEM if all buffers are pinned, and nothing has changed", async () => {
  const { device, victims } = await fullVram([4, 4]);
  victims.forEach(pin);
  const buffer = put(device, "system");
  buffer.tryReserve();
  await refusedUnchanged(device, [buffer, ...victims], () => buffer.validate(only("vram")), "ENOMEM", "2 pinned");
});

Deno.test("evictFirst() evicts the first buffer of the lowest priority, and returns null without one", async () => {
  const { device } = testDevice();
  const [a, b, c] = [1, 0, 0].map((priority) => put(device, "vram", { priority })) as [
    BufferObject,
    BufferObject,
    BufferObject,
  ];
  pin(b);
  assertEquals([await device.evictFirst("vram"), where([a, b, c])], [true, ["vram", "vram", "gtt"]]);
  assertEquals([await device.evictFirst("vram"), where([a, b, c])], [true, ["gtt", "vram", "gtt"]]);
  assertEquals(await device.evictFirst("vram"), false);
  checkInvariants(device);
});

Deno.test("evictFirst() fails for an unknown memory type, a reserved first buffer, and one without room elsewhere", async () => {
  const { device, driver, victims } = await fullVram([4, 4]);
  const act = () => device.evictFirst("vram");
  await refused(() => device.evictFirst("hbm"), "EINVAL", '"hbm": this device has system, gtt, vram');
  victims[0].tryReserve();
  await refusedUnchanged(device, victims, act, "EBUSY", "in use");
  victims[0].unlock();
  driver.evict = () => only("vram", { fpfn: 7 });
  await refusedUnchanged(device, victims, act, "ENOSPC", "no eviction placement with room");
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  driver.evict = () => only("gtt");
  assertStrictEquals((await refusedUnchanged(device, victims, act, "EIO")).cause instanceof Error, true);
});

Deno.test("evictFirst() waits for the work on the buffer, unless it must not wait", async () => {
  const { device, victims } = await fullVram([4, 4]);
  const work = addWork(victims[0]);
  await refusedUnchanged(device, victims, () => device.evictFirst("vram", { noWait: true }), "EBUSY");
  const evicted = device.evictFirst("vram");
  assertEquals(where(victims), ["vram", "vram"]);
  work.signal();
  assertEquals([await evicted, where(victims)], [true, ["gtt", "vram"]]);
});

Deno.test("evictFirst() leaves a SYSTEM buffer where it is", async () => {
  const { device } = testDevice();
  const buffer = put(device, "system");
  assertEquals([await device.evictFirst("system"), buffer.memoryType], [true, "system"]);
  checkInvariants(device);
});

Deno.test("a move request has `wasEvicted` for the first move after an eviction, once", () => {
  const { device, driver } = testDevice();
  const victim = put(device, "vram", { pages: 8 });
  put(device, "vram").unref();
  assertEquals([victim.memoryType, driver.calls.includes("invalidate 0")], ["gtt", false]);
  place(victim, "vram");
  assertEquals(driver.calls.at(-1), "invalidate 0");
  place(victim, "gtt");
  assertEquals(driver.calls.filter((call) => call === "invalidate 0").length, 1);
});
