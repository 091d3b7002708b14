import { assertEquals } from "@std/assert";
import { checkInvariants, memoryStore } from "@ttm/core";
import { addWork, bytesIn, fill, only, put, testDevice, touch } from "../../core/testing_devices.ts";

Deno.test("F18: a swapped out buffer that is used but not populated is not swapped out again over its data", async () => {
  const { device } = testDevice();
  const buffer = put(device, "system");
  await fill(buffer, 7);
  await device.swapOut();
  touch(buffer);
  assertEquals([await device.swapOut(), await bytesIn(buffer)], [0, [7]]);
});

Deno.test("F19: imported memory is not swapped out", async () => {
  const { device } = testDevice();
  const buffer = put(device, "gtt", { kind: "sg", imported: new Uint8Array(4096) });
  assertEquals([await device.swapOut(), buffer.swapped, buffer.memoryType], [0, false, "gtt"]);
});

Deno.test("F20: a buffer that could not be swapped out stays in the LRU, and is swapped out by the next call", async () => {
  const inner = memoryStore();
  let full = true;
  const write = (key: string, bytes: Uint8Array) => {
    if (full) throw new Error("full");
    return inner.write(key, bytes);
  };
  const { device } = testDevice({ store: { ...inner, write } });
  const buffer = put(device, "system");
  await fill(buffer, 7);
  assertEquals([await device.swapOut(), device.lru("system")[0]], [0, [buffer]]);
  full = false;
  assertEquals([await device.swapOut(), await bytesIn(buffer)], [1, [7]]);
  checkInvariants(device);
});

Deno.test("F21: pages that were never needed are not swapped out", async () => {
  const { device } = testDevice();
  const buffer = put(device, "system");
  assertEquals([await device.swapOut(), buffer.swapped], [0, false]);
});

Deno.test("F22: a buffer in SYSTEM is swapped out whatever its caching", async () => {
  const { device } = testDevice();
  const buffer = put(device, only("system", { caching: ["wc"] }));
  await fill(buffer, 7);
  assertEquals([buffer.tt?.caching, await device.swapOut(), await bytesIn(buffer)], ["wc", 1, [7]]);
  checkInvariants(device);
});

Deno.test("F24: a swapout returns the number of pages that it freed, and 0 when none is left", async () => {
  const { device } = testDevice();
  const big = put(device, "system", { pages: 3 });
  await fill(big, 1);
  const dying = put(device, "system");
  await fill(dying, 2);
  const work = addWork(dying);
  dying.unref();
  assertEquals(await device.global.swapOutAll({ noWait: true }), 3);
  assertEquals(await device.swapOut({ noWait: true }), 0);
  work.signal();
  assertEquals(device.global.usedPages, 0);
});
