import { assert, assertEquals, assertRejects } from "@std/assert";
import { buddy, BuddyAllocator } from "@ttm/buddy";
import { CmaSim } from "@ttm/cma-sim";
import {
  BoDevice,
  Exec,
  Global,
  memoryStore,
  mru,
  PagePool,
  reserveList,
  SimulatedClock,
  TranslationTable,
  TtmError,
} from "@ttm/core";
import { FileStore } from "@ttm/file-store";
import { firstFit, RangeAllocator } from "@ttm/first-fit";
import { GoodFitAllocator } from "@ttm/good-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { recorder } from "@ttm/explain";
import { importRecording } from "@ttm/import";
import { replay, workloads } from "@ttm/replay";
import {
  failingMove,
  failingStore,
  testDriver,
  testManager,
  testPolicy,
  testReadOnlyStore,
  testStore,
} from "@ttm/testing";
import { blobSource, rangeStore, urlSource } from "@ttm/range-store";
import { UnstorageStore } from "@ttm/unstorage-store";
import { WebGpu } from "@ttm/webgpu";
import { FakeGpu } from "../drivers/webgpu/testing_fake_gpu.ts";

const MiB = 2 ** 20;
const SYSTEM = { placement: [{ memoryType: "system" }] };

function driver() {
  return {
    name: "host",
    memoryTypes: [{ name: "system" }, { name: "gtt", pages: 8 }],
    supports: {},
    evictPlacement: () => SYSTEM,
  };
}

function bench() {
  const clock = new SimulatedClock();
  const gpu = new RadeonSim({ vram: MiB, gtt: MiB });
  const device = new BoDevice({ driver: gpu, managers: { vram: firstFit(), gtt: firstFit() }, clock });
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  buffer.tryValidate({ placement: [{ memoryType: "gtt" }] });
  return { clock, gpu, device, buffer, client: device.openClient("c") };
}

/** Calls that take an object of options, and add to it what they are given; with an option that each of them knows. */
const doors: Readonly<Record<string, readonly [string, (more: object) => unknown]>> = {
  "new BoDevice()": ["policy", (more) => new BoDevice({ driver: driver(), managers: { gtt: firstFit() }, ...more })],
  "a memory type": [
    "pages",
    (more) => {
      const memoryTypes = [{ name: "system" }, { name: "gtt", pages: 8, ...more }];
      return new BoDevice({ driver: { ...driver(), memoryTypes }, managers: {} });
    },
  ],
  "what a driver supports": [
    "moves",
    (more) => new BoDevice({ driver: { ...driver(), supports: { ...more } }, managers: {} }),
  ],
  "new Global()": ["limits", (more) => new Global({ ...more })],
  "limits": ["zones", (more) => new Global({ limits: { pages: 4, ...more } })],
  "limits of a device": ["zones", (more) => new BoDevice({ driver: driver(), managers: {}, limits: { ...more } })],
  "a zone": ["bytes", (more) => new Global({ limits: { zones: [{ name: "kernel", bytes: 4096, ...more }] } })],
  "global.swapOut()": ["noWait", (more) => new Global().swapOut({ ...more })],
  "global.swapOutAll()": ["noWait", (more) => new Global().swapOutAll({ ...more })],
  "createBuffer()": ["bytes", (more) => bench().device.createBuffer({ bytes: 1, ...more })],
  "createPlaced()": ["bytes", (more) => bench().device.createPlaced({ bytes: 1, placement: SYSTEM, ...more })],
  "createPlaced(), waiting": [
    "evictSiblings",
    (more) => bench().device.createPlaced({ bytes: 1, placement: SYSTEM }, { ...more }),
  ],
  "createGroup()": ["limits", (more) => bench().device.createGroup("g", { ...more })],
  "limits of a group": ["min", (more) => bench().device.createGroup("g", { limits: { vram: { ...more } } })],
  "setLimits()": ["max", (more) => bench().device.createGroup("g").setLimits("vram", { ...more })],
  "setLimits(), waiting": ["noWait", (more) => bench().device.createGroup("g").setLimits("vram", {}, { ...more })],
  "openClient()": ["group", (more) => bench().device.openClient("c", { ...more })],
  "client.createBuffer()": ["bytes", (more) => bench().client.createBuffer({ bytes: 1, ...more })],
  "preparePlacement()": ["busyPlacement", (more) => bench().device.preparePlacement({ ...SYSTEM, ...more })],
  "a place": [
    "lpfn",
    (more) => bench().device.preparePlacement({ placement: [{ memoryType: "gtt", ...more }] }),
  ],
  "a busy place": [
    "lpfn",
    (more) => bench().device.preparePlacement({ placement: [], busyPlacement: [{ memoryType: "gtt", ...more }] }),
  ],
  "tryValidate()": ["busyPlacement", (more) => bench().buffer.tryValidate({ ...SYSTEM, ...more })],
  "evictFirst()": ["signal", (more) => bench().device.evictFirst("gtt", { ...more })],
  "evictAll()": ["signal", (more) => bench().device.evictAll("gtt", { ...more })],
  "swapOut()": ["memoryType", (more) => bench().device.swapOut({ ...more })],
  "cleanManager()": ["signal", (more) => bench().device.cleanManager("gtt", { ...more })],
  "close()": ["signal", (more) => bench().device.close({ ...more })],
  "validate()": ["evictSiblings", (more) => bench().buffer.validate(SYSTEM, { ...more })],
  "wait()": ["usage", (more) => bench().buffer.wait({ ...more })],
  "populate()": ["noWait", (more) => bench().buffer.populate({ ...more })],
  "read()": ["length", (more) => bench().buffer.read({ ...more })],
  "write()": ["offset", (more) => bench().buffer.write(new Uint8Array(1), { ...more })],
  "map(), its range": ["firstPage", (more) => bench().buffer.map({ ...more })],
  "map(), waiting": ["noWait", (more) => bench().buffer.map({}, { ...more })],
  "reserve()": ["ticket", (more) => bench().buffer.reserve({ ...more })],
  "waitUnreserved()": ["signal", (more) => bench().buffer.waitUnreserved({ ...more })],
  "grabForCpuWrite()": ["noWait", (more) => bench().buffer.grabForCpuWrite({ ...more })],
  "userMap.read()": ["signal", (more) => bench().buffer.mmap().read(0, 1, { ...more })],
  "userMap.write()": ["signal", (more) => bench().buffer.mmap().write(0, new Uint8Array(1), { ...more })],
  "device.submit()": ["noWait", (more) => bench().device.submit([], () => {}, { ...more })],
  "an entry of a submission": ["placement", (more) => {
    const { device, buffer } = bench();
    return device.submit([{ buffer, ...more }], () => {});
  }],
  "reserveList()": ["skipDuplicates", (more) => reserveList([], { ...more })],
  "an entry of a list": ["usage", (more) => reserveList([{ buffer: bench().buffer, ...more }])],
  "new Exec()": ["ignoreDuplicates", (more) => new Exec({ ...more })],
  "exec.lock()": [
    "signal",
    async (more) => {
      using exec = new Exec();
      exec.cleanup();
      await exec.lock(bench().device.createBuffer({ bytes: 1 }), { ...more });
    },
  ],
  "new PagePool()": ["maxPages", (more) => new PagePool({ ...more })],
  "new TranslationTable()": ["external", (more) => new TranslationTable(1, () => [], { ...more })],
  "clock.sleep()": ["signal", (more) => new SimulatedClock().sleep(0, { ...more })],
  "firstFit()": ["order", (more) => firstFit({ ...more })],
  "new RangeAllocator()": ["guardColors", (more) => new RangeAllocator({ size: 8, orders: ["best"], ...more })],
  "RangeAllocator.insert()": [
    "alignment",
    (more) => new RangeAllocator({ size: 8, orders: ["best"] }).insert({ size: 1, ...more }),
  ],
  "RangeAllocator.reserve()": [
    "color",
    (more) => new RangeAllocator({ size: 8, orders: ["best"] }).reserve({ start: 0, size: 1, ...more }),
  ],
  "RangeAllocator.scan()": [
    "alignment",
    (more) => new RangeAllocator({ size: 8, orders: ["best"] }).scan({ size: 1, ...more }),
  ],
  "new GoodFitAllocator()": ["start", (more) => new GoodFitAllocator({ size: 8, ...more })],
  "GoodFitAllocator.take()": ["alignment", (more) => new GoodFitAllocator({ size: 8 }).take({ size: 1, ...more })],
  "GoodFitAllocator.insert()": ["lo", (more) => new GoodFitAllocator({ size: 8 }).insert({ size: 1, ...more })],
  "new BuddyAllocator()": ["chunk", (more) => new BuddyAllocator({ size: 8, ...more })],
  "BuddyAllocator.allocate()": ["minBlock", (more) => new BuddyAllocator({ size: 8 }).allocate({ size: 1, ...more })],
  "new RadeonSim()": ["copyEngines", (more) => new RadeonSim({ vram: MiB, gtt: MiB, ...more })],
  "radeon.submit()": ["durationMs", (more) => bench().gpu.submit({ buffers: [], durationMs: 1, ...more })],
  "radeon.validateList()": ["signal", (more) => bench().gpu.validateList([], { ...more })],
  "an entry of validateList()": [
    "allowed",
    (more) => {
      const { gpu, buffer } = bench();
      return gpu.validateList([{ buffer, write: true, preferred: "gtt", ...more }]);
    },
  ],
  "new CmaSim()": ["movable", (more) => new CmaSim({ carveOut: MiB, ...more })],
  "new WebGpu()": ["stagingBytes", (more) => new WebGpu({ device: new FakeGpu(), budget: MiB, ...more })],
  "new UnstorageStore()": [
    "prefix",
    (more) => {
      const storage = { getItemRaw: () => null, setItemRaw: () => {}, removeItem: () => {} };
      return new UnstorageStore({ storage: storage as never, ...more });
    },
  ],
  "rangeStore()": [
    "source",
    (more) => rangeStore({ source: blobSource(new Blob([])), ranges: new Map(), ...more }),
  ],
  "a range of rangeStore()": [
    "length",
    (more) => {
      const ranges = new Map([["a", { offset: 0, length: 0, ...more }]]);
      return rangeStore({ source: blobSource(new Blob([])), ranges });
    },
  ],
  "urlSource()": ["headers", (more) => urlSource("http://a/", { ...more })],
  "stored contents": ["key", (more) => bench().device.createBuffer({ bytes: 1, stored: { key: "a", ...more } })],
  "testReadOnlyStore()": [
    "dispose",
    (more) => testReadOnlyStore({ test: () => {}, factory: () => ({ contents: new Map() }) as never, ...more }),
  ],
  "new FileStore()": ["directory", (more) => more && new FileStore({ directory: "", ...more })],
  "replay()": ["policy", (more) => replay({ name: "none", time: "seq", events: [] }, { ...more })],
  "recorder()": ["events", (more) => recorder({ ...more })],
  "importRecording()": ["device", (more) => importRecording("none", new Uint8Array(), { ...more })],
  "a shipped workload": ["seed", (more) => workloads["texture-streaming"]?.make({ seed: 1, ...more })],
  "testDriver()": [
    "factory",
    (more) => testDriver({ test: () => {}, factory: () => ({ driver: driver(), managers: {} }), ...more }),
  ],
  "testDriver(), what it supports": [
    "windows",
    (more) =>
      testDriver({ test: () => {}, factory: () => ({ driver: driver(), managers: {} }), supports: { ...more } }),
  ],
  "testDriver(), its parts": [
    "clock",
    (more) => testDriver({ test: () => {}, factory: () => ({ driver: driver(), managers: {}, ...more }) }),
  ],
  "testManager()": ["supports", (more) => testManager({ test: () => {}, factory: () => buddy(), ...more })],
  "testManager(), what it supports": [
    "topDown",
    (more) => testManager({ test: () => {}, factory: () => buddy(), supports: { ...more } }),
  ],
  "testPolicy()": ["factory", (more) => testPolicy({ test: () => {}, factory: () => mru(), ...more })],
  "testStore()": ["dispose", (more) => testStore({ test: () => {}, name: "s", factory: () => memoryStore(), ...more })],
  "failingMove()": ["how", (more) => failingMove(driver(), { nth: 1, how: "throw", ...more })],
  "failingStore()": ["fullAt", (more) => failingStore(memoryStore(), { ...more })],
};

for (const [door, [known, call]] of Object.entries(doors)) {
  Deno.test(`${door} refuses an unknown option, and lists the known ones`, async () => {
    // deno-lint-ignore require-await -- so that a throw and a rejection look the same
    const error = await assertRejects(async () => call({ mispelt: undefined }), TtmError);
    assertEquals(error.code, "EINVAL");
    const [, names = ""] = error.message.split('unknown "mispelt" in ')[1]?.split(", known are ") ?? [];
    assert(names.split(", ").includes(known), error.message);
  });
}

Deno.test("inherited members of a caller's objects are checked, too, and members of Object.prototype are ignored", async () => {
  const { device } = bench();
  const inherited = Object.create({ bytes: 1, prority: 2 });
  // deno-lint-ignore require-await -- so that a throw and a rejection look the same
  await assertRejects(async () => device.createBuffer(inherited), TtmError, 'unknown "prority" in the options');
  for (const name of ["toString", "__proto__", "constructor"]) {
    const options = Object.defineProperty({ bytes: 1 }, name, { value: 1, enumerable: true });
    // deno-lint-ignore require-await -- so that a throw and a rejection look the same
    await assertRejects(async () => device.createBuffer(options), TtmError, `unknown "${name}" in the options`);
  }
});

const forgotten: Readonly<Record<string, readonly [() => unknown, string]>> = {
  "driver": [() => new BoDevice({ managers: {} } as never), "options.driver must be an object, not undefined"],
  "managers": [() => new BoDevice({ driver: driver() } as never), "options.managers must be an object, not undefined"],
  "evictPlacement": [
    () => new BoDevice({ driver: { ...driver(), evictPlacement: undefined } as never, managers: {} }),
    "options.driver.evictPlacement must be a function, not undefined",
  ],
  "a method of the clock": [
    () => new BoDevice({ driver: driver(), managers: {}, clock: { now: () => 0 } as never }),
    "options.clock.schedule must be a function, not undefined",
  ],
  "a method of the store": [
    () => new BoDevice({ driver: driver(), managers: {}, store: { write: () => {} } as never }),
    "options.store.read must be a function, not undefined",
  ],
  "the kind of moves": [
    () => new BoDevice({ driver: { ...driver(), supports: { moves: "orderd" } } as never, managers: {} }),
    'options.driver.supports.moves must be one of "immediate", "ordered", not "orderd"',
  ],
  "what a job does with a buffer": [
    () => bench().gpu.submit({ buffers: [{ buffer: bench().buffer } as never], durationMs: 1 }),
    "buffers[0].write must be true or false, not undefined",
  ],
  "the factory of a suite": [
    () => testManager({ test: () => {} } as never),
    "the options.factory must be a function, not undefined",
  ],
  "the placement": [() => bench().buffer.tryValidate({} as never), "placement must be an array of places"],
  "a flag of a place": [
    () => bench().device.preparePlacement({ placement: [{ memoryType: "gtt", topDown: 1 as never }] }),
    "placement[0].topDown must be true or false, not 1",
  ],
};
for (const [what, [call, message]] of Object.entries(forgotten)) {
  Deno.test(`a missing or wrong ${what} is refused when the call is made`, async () => {
    // deno-lint-ignore require-await -- so that a throw and a rejection look the same
    const error = await assertRejects(async () => call(), TtmError, message);
    assertEquals(error.code, "EINVAL");
  });
}

Deno.test("a device without a manager for VRAM can be created, and validate() into VRAM says how to give it one", async () => {
  const driver = new RadeonSim({ vram: MiB, gtt: MiB });
  const device = new BoDevice({ driver, managers: {}, clock: new SimulatedClock() });
  const making = () => device.createPlaced({ bytes: 1, placement: { placement: [{ memoryType: "vram" }] } });
  const message = "no room for 1 page; vram: no manager, give it one by managers: { vram: … } or by initManager()";
  assertEquals((await assertRejects(making, TtmError)).message, `Cannot validate buffer 0: ${message}`);
  device.initManager("vram", firstFit());
  assertEquals((await making()).memoryType, "vram");
});

Deno.test("messages about a buffer without a place do not name a place", async () => {
  const driver = new WebGpu({ device: new FakeGpu(), budget: MiB });
  const device = new BoDevice({ driver, managers: {} });
  const buffer = device.createBuffer({ bytes: 1 });
  buffer.tryReserve();
  // deno-lint-ignore require-await -- so that a throw and a rejection look the same
  await assertRejects(async () => driver.bind(buffer), TtmError, "it is not the callback of a submission");
  const { gpu, buffer: other } = bench();
  other.tryValidate({ placement: [] });
  const job = { buffers: [{ buffer: other, write: true }], durationMs: 1 };
  // deno-lint-ignore require-await -- so that a throw and a rejection look the same
  await assertRejects(async () => gpu.submit(job), TtmError, "buffer 0 has no place");
});
