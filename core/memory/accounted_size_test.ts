import { assertEquals } from "@std/assert";
import { roundStructure } from "./accounted_size.ts";
import { accountedSize, BoDevice } from "../mod.ts";
import { refused } from "../testing_devices.ts";

Deno.test("sizes of structures are rounded up to powers of two from 4 bytes, and to whole pages above one page", () => {
  const cases = [[0, 0], [1, 4], [4, 4], [5, 8], [120, 128], [160, 256], [400, 512], [4096, 4096], [
    4097,
    8192,
  ]] as const;
  for (const [bytes, expected] of cases) assertEquals(roundStructure(bytes), expected, `${bytes}`);
});

Deno.test("accountedSize() is that of the structure, the table and a pointer for each page", () => {
  assertEquals(accountedSize(1), 512 + 4096 + 128);
  assertEquals(accountedSize(512 * 4096), 512 + 4096 + 128);
  assertEquals(accountedSize(512 * 4096 + 1), 512 + 8192 + 128);
});

Deno.test("accountedSize() with DMA addresses adds an address for each page, and a larger table", () => {
  assertEquals(accountedSize(1, true), 512 + 4096 + 4096 + 256);
  assertEquals(accountedSize(513 * 4096, true), 512 + 2 * 8192 + 256);
});

Deno.test("accountedSize() is what a device accounts for a buffer, and takes back at its end", () => {
  for (const dma32 of [false, true]) {
    const evictPlacement = () => ({ placement: [] });
    const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement, supports: { dma32 } };
    const device = new BoDevice({ driver, managers: {}, limits: { zones: [{ name: "kernel", bytes: 2 ** 30 }] } });
    const used = () => device.global.zone("kernel").usedBytes;
    const buffer = device.createBuffer({ bytes: 10_000_000 });
    assertEquals(used(), accountedSize(10_000_000, dma32));
    buffer.unref();
    assertEquals(used(), 0);
  }
});

Deno.test("accountedSize() refuses a size that is not a positive integer", async () => {
  for (const bytes of [0, -1, 0.5, NaN, Infinity, 2 ** 53, "1"]) {
    await refused(() => accountedSize(bytes as number), "EINVAL", "Cannot tell the accounted size");
  }
});
