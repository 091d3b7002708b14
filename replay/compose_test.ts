import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { PAGE_SIZE, TtmError } from "@ttm/core";
import { compose, type CompositionOptions, drivers, managers } from "./compose.ts";

const SIZES: CompositionOptions = { vram: 8 * PAGE_SIZE, gtt: 4 * PAGE_SIZE, contents: "stamps" };

Deno.test("compose() puts device, GPU and clock together", async () => {
  const { device, gpu, clock } = compose(SIZES);
  assert(device.clock === clock);
  assertEquals(["vram", "gtt"].map((name) => device.usage(name).pages), [8, 4]);
  gpu.submit({ buffers: [], durationMs: 3 });
  clock.runUntilIdle();
  assertEquals(clock.now(), 3);
  await device.close();
});

Deno.test("compose() takes every driver and manager by name, and new ones each time", async () => {
  for (const driver of Object.keys(drivers)) {
    for (const manager of Object.keys(managers)) {
      const [first, second] = [compose({ ...SIZES, driver, manager }), compose({ ...SIZES, driver, manager })];
      assert(first.device !== second.device && first.gpu !== second.gpu);
      await first.device.close();
      await second.device.close();
    }
  }
});

Deno.test("compose() lets the manager decide where a buffer goes", async () => {
  // The lowest hole is not the smallest here.
  const starts = [];
  for (const manager of ["first-fit", "first-fit-lowest", "buddy"]) {
    const { device, clock } = compose({ ...SIZES, manager });
    const buffers = [3, 1, 1, 1].map((pages) => device.createBuffer({ bytes: pages * PAGE_SIZE }));
    const place = (buffer = buffers[0]) => {
      buffer?.tryReserve();
      buffer?.tryValidate({ placement: [{ memoryType: "vram" }] });
      buffer?.unreserve();
      clock.runUntilIdle();
    };
    for (const buffer of buffers) place(buffer);
    buffers[2]?.unref();
    buffers[0]?.unref();
    const late = device.createBuffer({ bytes: PAGE_SIZE });
    place(late);
    starts.push(late.start);
    for (const buffer of [buffers[1], buffers[3], late]) buffer?.unref();
    await device.close();
  }
  assertEquals(starts[1], 0);
  assertNotEquals(starts[0], 0);
});

Deno.test("compose() lets a tracer watch", async () => {
  let created = 0;
  const { device } = compose({ ...SIZES, tracer: { create: () => created++ } });
  device.createBuffer({ bytes: 1 }).unref();
  assertEquals(created, 1);
  await device.close();
});

Deno.test("compose() refuses names that it does not know, and says which it does", () => {
  for (const name of ["", "slab", "toString", "__proto__", "constructor"]) {
    const error = assertThrows(() => compose({ ...SIZES, manager: name }), RangeError);
    assertEquals(
      error.message,
      `Cannot use manager "${name}": choose one of first-fit, first-fit-lowest, first-fit-evict, buddy`,
    );
    assertThrows(() => compose({ ...SIZES, driver: name }), RangeError, `"${name}": choose one of radeon-sim, cma-sim`);
  }
});

Deno.test("compose() refuses sizes below a page", () => {
  for (const vram of [0, 4095, NaN]) {
    assertEquals(assertThrows(() => compose({ ...SIZES, vram }), TtmError).code, "EINVAL");
  }
});
