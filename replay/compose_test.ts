import { assert, assertEquals, assertThrows } from "@std/assert";
import { PAGE_SIZE, TtmError } from "@ttm/core";
import { compose, type CompositionOptions } from "./compose.ts";
import { drivers, managers } from "./parts.ts";

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

/**
 * Leaves holes of 1, 3 and 2 pages, of which the first or second is freed last; returns the start of a one-page buffer.
 */
async function startAmongHoles(manager: string, memoryType: string, last: "first" | "second"): Promise<number | null> {
  const { device, clock } = compose({ ...SIZES, gtt: SIZES.vram, manager });
  const place = (pages: number) => {
    const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE });
    buffer.tryReserve();
    buffer.tryValidate({ placement: [{ memoryType }] });
    buffer.unreserve();
    clock.runUntilIdle();
    return buffer;
  };
  const [large, second, small, fourth] = [3, 1, 1, 1].map(place);
  for (const buffer of last === "first" ? [small, large] : [large, small]) buffer?.unref();
  const late = place(1);
  const { start } = late;
  for (const buffer of [second, fourth, late]) buffer?.unref();
  await device.close();
  return start;
}

Deno.test("compose() lets the manager decide where a buffer goes", async () => {
  for (const memoryType of ["vram", "gtt"]) {
    const starts = (manager: string) =>
      Promise.all([startAmongHoles(manager, memoryType, "first"), startAmongHoles(manager, memoryType, "second")]);
    for (const name of ["range", "range-scan"]) assertEquals(await starts(name), [4, 4], "the smallest");
    assertEquals(await starts("first-fit"), [0, 0], "the lowest");
    assertEquals(await starts("first-fit-evict"), [0, 4], "the one that was made last");
    assertEquals(await starts("good-fit"), [4, 4], "one that is just large enough");
    assertEquals(await starts("buddy"), [6, 6], "neither");
  }
});

Deno.test("compose() passes a tracer to the device", async () => {
  let created = 0;
  const { device } = compose({ ...SIZES, tracer: { create: () => created++ } });
  device.createBuffer({ bytes: 1 }).unref();
  assertEquals(created, 1);
  await device.close();
});

Deno.test("compose() refuses unknown names, and lists the known ones", () => {
  for (const name of ["", "slab", "toString", "__proto__", "constructor"]) {
    const error = assertThrows(() => compose({ ...SIZES, manager: name }), RangeError);
    assertEquals(
      error.message,
      `Cannot use manager "${name}": choose one of range, range-scan, first-fit, first-fit-evict, good-fit, buddy`,
    );
    assertThrows(() => compose({ ...SIZES, driver: name }), RangeError, `"${name}": choose one of radeon-sim, cma-sim`);
  }
});

Deno.test("compose() refuses sizes below a page", () => {
  for (const vram of [0, 4095, NaN]) {
    assertEquals(assertThrows(() => compose({ ...SIZES, vram }), TtmError).code, "EINVAL");
  }
});
