import { assertEquals } from "@std/assert";
import { rangeManager } from "@ttm/first-fit";
import { BoDevice, Global } from "@ttm/core";
import { put, testDevice, TestDriver } from "../../core/testing_devices.ts";

Deno.test("init_basic: a device has its driver's memory types, SYSTEM first and in use", () => {
  const { device, driver, clock } = testDevice();
  assertEquals(device.memoryTypes, driver.memoryTypes.map(({ name }) => name));
  assertEquals([device.memoryTypes[0], device.clock], ["system", clock]);
  assertEquals(put(device, "system").memoryType, "system");
});

Deno.test("init_multiple: three devices can share one global", () => {
  const global = new Global();
  const devices = [1, 2, 3].map(() =>
    new BoDevice({ driver: new TestDriver(), managers: { gtt: rangeManager(), vram: rangeManager() }, global })
  );
  assertEquals(global.devices, devices);
  for (const device of devices) put(device, "vram");
  assertEquals(devices.map((device) => [device.usage("vram").residents, device.usage("system").residents]), [
    [1, 0],
    [1, 0],
    [1, 0],
  ]);
});

Deno.test("fini_basic: a closed device has nothing in SYSTEM, is on no list, and makes no buffers", async () => {
  const { device } = testDevice();
  put(device, "system").unref();
  await device.close();
  assertEquals([device.lru("system").flat(), device.global.devices], [[], []]);
  let code = "";
  try {
    device.createBuffer({ bytes: 1 });
  } catch (error) {
    code = (error as { code: string }).code;
  }
  assertEquals(code, "EINVAL");
});
