import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import {
  BoDevice,
  type DeviceOptions,
  type Driver,
  Global,
  lru,
  mru,
  SimulatedClock,
  TtmError,
  type WaitOptions,
} from "../mod.ts";
import { only, put, testDevice, TestDriver } from "../testing_devices.ts";

const waitOptions: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["a number", 3],
  ["a signal that is not an AbortSignal", { signal: {} }],
  ["a signal of null", { signal: null }],
  ["noWait that is not a boolean", { noWait: 1 }],
];
for (const [name, value] of waitOptions) {
  Deno.test(`calls that may wait refuse ${name} as options, and change nothing`, async () => {
    const { device, moves } = testDevice();
    const buffer = put(device, "vram");
    const options = value as WaitOptions;
    await assertRejects(() => buffer.reserve(options), TtmError, "Cannot reserve buffer 0");
    assertEquals(buffer.reserved, false);
    buffer.tryReserve();
    moves.length = 0;
    await assertRejects(() => buffer.validate(only("system"), options), TtmError, "Cannot validate buffer 0");
    await assertRejects(() => buffer.wait(options), TtmError, "Cannot wait for buffer 0");
    await assertRejects(() => buffer.read(options), TtmError, "Cannot read buffer 0");
    await assertRejects(() => buffer.write(new Uint8Array(1), options), TtmError, "Cannot write buffer 0");
    await assertRejects(() => device.evictFirst("vram", options), TtmError, "Cannot evict from vram");
    await assertRejects(() => device.close(options), TtmError, "Cannot close device");
    assertEquals([buffer.memoryType, moves], ["vram", []]);
  });
}

Deno.test("disposing of a reservation twice does not unlock the next holder's", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const reservation = await buffer.reserve();
  reservation[Symbol.dispose]();
  const successor = await buffer.reserve();
  reservation[Symbol.dispose]();
  assertEquals(buffer.reserved, true);
  successor[Symbol.dispose]();
  assertEquals(buffer.reserved, false);
});

Deno.test("disposing of a pin twice unpins once", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  buffer.pin();
  const pin = buffer.pin();
  pin[Symbol.dispose]();
  pin[Symbol.dispose]();
  assertEquals(buffer.pins, 1);
});

for (const manager of [null, 7, {}, { init: () => {} }]) {
  Deno.test(`a device refuses ${JSON.stringify(manager)} as a manager`, () => {
    const managers = { vram: manager as never };
    const error = assertThrows(
      () => new BoDevice({ driver: new TestDriver(), managers }),
      TtmError,
      'the manager given for "vram" is not a manager',
    );
    assertEquals(error.code, "EINVAL");
  });
}

/** Parts that no device has used yet, and the record of the calls that they receive. */
function unusedParts() {
  const attached: unknown[] = [];
  const driver: Driver = Object.assign(new TestDriver(), { attach: (context: unknown) => void attached.push(context) });
  return { driver, attached, managers: { vram: firstFit(), gtt: firstFit() }, policy: mru(), global: new Global() };
}

const closedGlobal = () => {
  const global = new Global();
  global.close();
  return global;
};
const takenManager = () => {
  const manager = firstFit();
  manager.init(1);
  return manager;
};
const policyOfAnother = () => {
  const policy = lru();
  new BoDevice({ driver: new TestDriver(), managers: {}, policy });
  return policy;
};
const refusals: readonly (readonly [string, () => Partial<DeviceOptions>])[] = [
  ["its global is closed", () => ({ global: closedGlobal() })],
  ["its global is none", () => ({ global: {} as never })],
  ["its policy serves another device", () => ({ policy: policyOfAnother() })],
  ["its policy is none", () => ({ policy: {} as never })],
  ["a manager is in charge already", () => ({ managers: { gtt: firstFit(), vram: takenManager() } })],
  ["an option is misspelt", () => ({ polcy: mru() } as never)],
  ["its driver throws", () => ({
    driver: Object.assign(new TestDriver(), {
      attach: () => {
        throw new Error("no such card");
      },
    }),
  })],
  ["its driver has no name for a type", () => ({
    driver: Object.assign(new TestDriver(), {
      memoryTypes: [{ name: "system" }, { name: "gtt", pages: 1 }, {}] as never,
    }),
  })],
];
for (const [why, wrong] of refusals) {
  Deno.test(`when ${why} no device is made, and its other parts can be used for another device`, async () => {
    const { attached, ...parts } = unusedParts();
    const given = wrong();
    assertThrows(() => new BoDevice({ ...parts, ...given }));
    assertEquals([attached.length, parts.global.devices], [0, []]);
    for (const manager of Object.values(given.managers ?? {}).slice(0, 1)) manager.init(7);
    const device = new BoDevice(parts);
    assertEquals([attached.length, parts.global.devices], [1, [device]]);
    await device.close();
  });
}

Deno.test("driver, managers and policy of a closed device can be used for another device", async () => {
  const { driver, managers, policy, global } = unusedParts();
  for (let round = 0; round < 3; round++) {
    const device = new BoDevice({ driver, managers, policy, global });
    const buffer = put(device, "vram");
    assertThrows(
      () => new BoDevice({ driver: new TestDriver(), managers: {}, policy }),
      TtmError,
      "is used by another device",
    );
    buffer.unref();
    await device.close();
  }
});

Deno.test("a device that cannot take one manager down keeps all of them, and can be closed later", async () => {
  const { driver, managers, policy } = unusedParts();
  const device = new BoDevice({ driver, managers, policy });
  const foreign = managers.vram.allocate({
    pages: 1,
    alignment: 1,
    fpfn: 0,
    lpfn: Infinity,
    topDown: false,
    contiguous: false,
  });
  await assertRejects(() => device.close(), TtmError, "the manager of vram still holds pages");
  put(device, "gtt").unref();
  managers.vram.free(foreign, 1);
  await device.close();
  for (const manager of Object.values(managers)) manager.init(1);
});

Deno.test("managers of a device that could not be made can be used for another device", () => {
  const broken: Driver = Object.assign(new TestDriver(), {
    attach: () => {
      throw new Error("no such card");
    },
  });
  const managers = { vram: firstFit(), gtt: firstFit() };
  assertThrows(() => new BoDevice({ driver: broken, managers }), Error, "no such card");
  const taken = firstFit();
  taken.init(1);
  assertThrows(() => new BoDevice({ driver: new TestDriver(), managers: { gtt: managers.gtt, vram: taken } }));
  assertEquals(new BoDevice({ driver: new TestDriver(), managers }).usage("vram").usedPages, 0);
});

for (const time of [NaN, Infinity, "5" as never]) {
  Deno.test(`SimulatedClock refuses ${String(time)} as a time`, () => {
    const clock = new SimulatedClock();
    assertThrows(() => clock.advanceTo(time), TtmError, "Cannot advance the clock");
    assertThrows(() => clock.schedule(time, () => {}), TtmError, "Cannot schedule an event");
    assertEquals([clock.now(), clock.runNext()], [0, false]);
  });
}

Deno.test("the report of an ENOMEM does not count the buffer that needs room among those kept", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const elsewhere = only("vram", { fpfn: 4, lpfn: 5, caching: ["wc"] });
  const other = put(device, elsewhere);
  other.tryReserve();
  const { report } = await assertRejects(() => buffer.validate(elsewhere), TtmError);
  assertEquals(report?.kept, [{ buffer: "buffer 1", pages: 1, reason: "reserved" }]);
});
