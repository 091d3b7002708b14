import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import {
  BoDevice,
  type BufferOptions,
  checkInvariants,
  type DeviceOptions,
  type Driver,
  type DriverContext,
  type MemTypeManager,
  SystemClock,
  TtmError,
  WAIT_BUDGET_MS,
} from "../mod.ts";
import {
  addWork,
  bytesIn,
  fill,
  only,
  place,
  put,
  refused,
  StoppedClock,
  testDevice,
  TestDriver,
} from "../testing_devices.ts";

const host: Driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };

Deno.test("a device has its driver's memory types, and passes its clock to the driver", () => {
  const clock = new StoppedClock();
  const contexts: DriverContext[] = [];
  const driver = Object.assign(new TestDriver(), { attach: (context: DriverContext) => contexts.push(context) });
  const device = new BoDevice({ driver, managers: { vram: firstFit() }, clock });
  assertEquals([device.memoryTypes, device.liveBuffers, device.dyingBuffers], [["system", "gtt", "vram"], 0, 0]);
  assertStrictEquals(device.clock, clock);
  assertStrictEquals(contexts[0]?.clock, clock);
  assertEquals(device.usage("vram"), { memoryType: "vram", pages: 8, usedPages: 0, residents: 0 });
  assertEquals(new BoDevice({ driver: host, managers: {} }).clock instanceof SystemClock, true);
});

Deno.test("devices are independent of one another", async () => {
  const [one, two] = [testDevice().device, testDevice().device];
  const [inOne, inTwo] = [put(one, "vram"), put(two, "vram")];
  await fill(inOne, 1);
  inTwo.unref();
  assertEquals([one.liveBuffers, two.liveBuffers, inOne.start, await bytesIn(inOne)], [1, 0, 0, [1]]);
});

const vram = { name: "vram", pages: 4 };
const nonsense: readonly (readonly [string, unknown, string])[] = [
  ["no options", undefined, "the options must be an object, not undefined"],
  ["no driver", { managers: {} }, "options.driver must be an object"],
  ["no managers", { driver: host }, "options.managers must be an object"],
  ["no memory types", { driver: { ...host, memoryTypes: [] }, managers: {} }, "must have 1 to 8 memory types"],
  [
    "no list of memory types",
    { driver: { ...host, memoryTypes: vram }, managers: {} },
    "must have 1 to 8 memory types",
  ],
  ["nine memory types", {
    driver: {
      ...host,
      memoryTypes: Array.from({ length: 9 }, (_, at) => ({ name: at === 0 ? "system" : `t${at}`, pages: 1 })),
    },
    managers: {},
  }, "must have 1 to 8 memory types"],
  [
    "a memory type twice",
    { driver: { ...host, memoryTypes: [{ name: "system" }, vram, vram] }, managers: {} },
    "twice",
  ],
  [
    "a hole for a memory type",
    { driver: { ...host, memoryTypes: [{ name: "system" }, null] }, managers: {} },
    "memory type 1",
  ],
  ["another first type", { driver: { ...host, memoryTypes: [vram] }, managers: {} }, "memory type 0 cannot be named"],
  ["a manager of SYSTEM", { driver: host, managers: { system: firstFit() } }, 'managers names "system"'],
  ["a manager of nothing", { driver: host, managers: { hbm: firstFit() } }, 'managers names "hbm"'],
  ["device-resident memory without a move or an aperture", {
    driver: { ...host, memoryTypes: [{ name: "system" }, { ...vram, fixed: true }] },
    managers: {},
  }, "has fixed memory, but neither move nor ioMemReserve"],
];
for (const [name, options, message] of nonsense) {
  Deno.test(`a device of ${name} is refused`, () => {
    const error = assertThrows(() => new BoDevice(options as DeviceOptions), TtmError, message);
    assertEquals([error.code, error.message.startsWith("Cannot create device: ")], ["EINVAL", true]);
  });
}

Deno.test("a new buffer has no place and no memory, and numbers from 0 in its device", () => {
  const { device } = testDevice();
  const buffers = [{ bytes: 1 }, { bytes: 4097, alignment: 3, priority: 3, label: "b" }].map((options) =>
    device.createBuffer(options)
  );
  const seen = buffers.map((
    { id, bytes, pages, alignment, priority, label },
  ) => [id, bytes, pages, alignment, priority, label]);
  assertEquals(seen, [[0, 1, 1, 1, 0, undefined], [1, 4097, 2, 3, 3, "b"]]);
  for (const { memoryType, start, place, tt, pins, reserved, busy, disposed, gpuAddress } of buffers) {
    assertEquals([memoryType, start, place, tt, gpuAddress], [null, null, null, null, null]);
    assertEquals([pins, reserved, busy, disposed], [0, false, false, false]);
  }
  assertEquals([device.liveBuffers, buffers.map(String)], [2, ["buffer 0", 'buffer 1 "b"']]);
});

const badBuffers: readonly (readonly [string, unknown])[] = [
  ["nothing", undefined],
  ["a number", 4096],
  ...[0, -1, 0.5, NaN, Infinity, 2 ** 53, "4096", null, undefined, 1n].map((bytes) => ["size", { bytes }] as const),
  ...[-1, 1.5, NaN, Infinity, "1", null].map((alignment) => ["alignment", { bytes: 1, alignment }] as const),
  ...[-1, 4, 0.5, NaN, "0", null].map((priority) => ["priority", { bytes: 1, priority }] as const),
  ...[1, null, {}, ["a"]].map((label) => ["label", { bytes: 1, label }] as const),
];
for (const [what, options] of badBuffers) {
  const value = typeof options === "object" ? String(Object.values(options ?? {}).at(-1)) : "";
  Deno.test(`createBuffer() refuses the ${what} ${value} (${typeof options}), and nothing has changed`, async () => {
    const { device } = testDevice();
    await refused(() => device.createBuffer(options as BufferOptions), "EINVAL", "Cannot create buffer: ");
    assertEquals([device.liveBuffers, device.createBuffer({ bytes: 1 }).id], [0, 0]);
    checkInvariants(device);
  });
}

Deno.test("an alignment of 0 and a label of undefined mean the default", () => {
  const buffer = testDevice().device.createBuffer({ bytes: 1, alignment: 0, label: undefined });
  assertEquals([buffer.alignment, buffer.label], [1, undefined]);
});

Deno.test("every method that takes a memory type refuses an unknown one", async () => {
  const { device } = testDevice();
  const doors = [
    (type: string) => device.usage(type),
    (type: string) => device.lru(type),
    (type: string) => device.debug(type),
    (type: string) => device.evictFirst(type),
  ];
  for (const door of doors) {
    for (const type of ["hbm", "", "toString", 2, null, undefined]) {
      await refused(() => door(type as string), "EINVAL", "has system, gtt");
    }
  }
});

Deno.test("debug() is the manager's dump, or one line for a memory type without a manager", () => {
  const { device } = testDevice();
  put(device, "vram", { pages: 2 });
  put(device, "system");
  assertEquals(device.debug("vram"), "[0, 2) used\n[2, 8) free");
  assertEquals(device.debug("system"), "system: 1 page used, no manager");
});

Deno.test("close() is EBUSY while buffers are alive, and succeeds afterwards", async () => {
  const { device } = testDevice();
  const [first, second] = [put(device, "vram"), device.createBuffer({ bytes: 1 })];
  first.unref();
  await refused(() => device.close(), "EBUSY", "Cannot close device: buffers are still alive: buffer 1");
  place(second, "vram");
  second.unref();
  await device.close();
  await device.close();
  await refused(() => device.createBuffer({ bytes: 1 }), "EINVAL", "the device is closed");
});

Deno.test("close() names the first five buffers that are still alive, or still busy", async () => {
  const { device } = testDevice();
  const scanout = put(device, "system", { label: "scanout" });
  const others = Array.from({ length: 6 }, () => put(device, "system"));
  const named = 'buffer 0 "scanout", buffer 1, buffer 2, buffer 3, buffer 4';
  await refused(() => device.close(), "EBUSY", `Cannot close device: buffers are still alive: ${named} and 2 more`);
  for (const buffer of others) buffer.unref();
  await refused(() => device.close(), "EBUSY", 'Cannot close device: buffers are still alive: buffer 0 "scanout"');
  const work = addWork(scanout);
  scanout.unref();
  const busy = 'Cannot close device: still busy: dying buffer 0 "scanout"';
  await refused(() => device.close({ noWait: true }), "EBUSY", busy);
  work.signal();
  await device.close();
});

Deno.test("close() waits for dying buffers and ghost objects", async () => {
  const { device, clock } = testDevice();
  const [dying, purged] = [put(device, "vram"), put(device, "gtt")];
  const [first, second] = [addWork(dying), addWork(purged)];
  place(purged, { placement: [] });
  dying.unref();
  purged.unref();
  let closed = false;
  const closing = device.close().then(() => closed = true);
  first.signal();
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  assertEquals([closed, device.dyingBuffers > 0], [false, true]);
  second.signal();
  await closing;
  assertEquals([device.dyingBuffers, device.usage("vram").usedPages, device.usage("gtt").usedPages], [0, 0, 0]);
  clock.advanceTo(0); // frees that are scheduled too late have no effect
  assertEquals([device.dyingBuffers, clock.pending], [0, 0]);
});

Deno.test("close() is EBUSY after 15 s, and can be called again", async () => {
  const { device, clock } = testDevice();
  const dying = put(device, "vram");
  const work = addWork(dying);
  dying.unref();
  const closing = refused(() => device.close(), "EBUSY", "still busy: dying buffer 0");
  clock.advanceTo(WAIT_BUDGET_MS);
  await closing;
  put(device, "vram").unref(); // still open
  work.signal();
  await device.close();
  assertEquals(device.dyingBuffers, 0);
});

Deno.test("a closed device takes its managers down for others to use; close() is EBUSY if a manager still has pages allocated", async () => {
  const manager: MemTypeManager = firstFit();
  const { device } = testDevice({ managers: { vram: manager } });
  await device[Symbol.asyncDispose]();
  const next = testDevice({ managers: { vram: manager } }).device;
  assertEquals(put(next, "vram").memoryType, "vram");

  const clinging = testDevice({ managers: { vram: Object.assign(firstFit(), { takedown: () => false }) } }).device;
  await refused(() => clinging.close(), "EBUSY", "the manager of vram still holds pages");
  assert(clinging.createBuffer({ bytes: 1 }).id === 0, "it is still open");
});

Deno.test("evicting a whole memory type leaves only pinned buffers in it", async () => {
  const { device } = testDevice();
  const buffers = [1, 2, 3].map((pages) => put(device, "vram", { pages }));
  buffers[1]?.tryReserve();
  buffers[1]?.pin();
  buffers[1]?.unreserve();
  while (await device.evictFirst("vram"));
  assertEquals(buffers.map(({ memoryType }) => memoryType), ["gtt", "vram", "gtt"]);
  place(buffers[0] ?? put(device, "system"), only("vram"));
  checkInvariants(device);
});
