import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, type Driver, SimulatedClock, TtmError, type WaitOptions } from "./mod.ts";
import { only, put, testDevice, TestDriver } from "./testing_devices.ts";

const waitOptions: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["a number", 3],
  ["a signal that is none", { signal: {} }],
  ["a signal of null", { signal: null }],
  ["noWait that is no flag", { noWait: 1 }],
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

Deno.test("a reservation that is disposed of twice does not free the lock of its successor", async () => {
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

Deno.test("a pin that is disposed of twice takes one pin back", () => {
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
      'what is to manage "vram" is no manager',
    );
    assertEquals(error.code, "EINVAL");
  });
}

Deno.test("a device that cannot be made leaves its managers free for another", () => {
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

Deno.test("the report of an ENOMEM does not count the buffer that asks among those in its way", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const elsewhere = only("vram", { fpfn: 4, lpfn: 5, caching: ["wc"] });
  const other = put(device, elsewhere);
  other.tryReserve();
  const { report } = await assertRejects(() => buffer.validate(elsewhere), TtmError);
  assertEquals(report?.kept, [{ buffer: "buffer 1", pages: 1, reason: "reserved" }]);
});
