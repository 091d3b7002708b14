import { assertEquals } from "@std/assert";
import { PAGE_SIZE } from "@ttm/core";
import { bench } from "./testing_bench.ts";

const PAGES = 1024;
const large = { budget: (PAGES + 64) * PAGE_SIZE, stagingBytes: 8 * PAGE_SIZE };

Deno.test("a read of 16 bytes of a written buffer of 4 MiB brings 16 bytes back", async () => {
  await using t = bench(large);
  const buffer = await t.make(PAGES);
  await t.fill(7, buffer);
  assertEquals(await t.bytes(buffer, { offset: 4096, length: 16 }), new Uint8Array(16).fill(7));
  assertEquals(t.driver.stats.readBackBytes, 16);
});

Deno.test("bytes that came back for a read are not kept", async () => {
  await using t = bench(large);
  const buffer = await t.make(PAGES);
  await t.fill(7, buffer);
  for (let time = 0; time < 2; time++) await t.bytes(buffer, { offset: 4096, length: 16 });
  assertEquals([t.driver.stats.readBackBytes, t.driver.stats.hostCopyBytes], [32, 0]);
});

Deno.test("an unaligned write brings back the words at its edges, and nothing else", async () => {
  await using t = bench(large);
  const buffer = await t.make(PAGES);
  await t.fill(7, buffer);
  const uploaded = t.driver.stats.uploadedBytes;
  await t.write(buffer, new Uint8Array(100).fill(8), 4097);
  assertEquals([t.driver.stats.readBackBytes, t.driver.stats.uploadedBytes - uploaded], [8, 104]);
  const around = await t.bytes(buffer, { offset: 4096, length: 104 });
  assertEquals(around, new Uint8Array(104).fill(8).fill(7, 0, 1).fill(7, 101));
});

Deno.test("an aligned write of whole words brings nothing back", async () => {
  await using t = bench(large);
  const buffer = await t.make(PAGES);
  await t.fill(7, buffer);
  await t.write(buffer, new Uint8Array(64).fill(8), 128);
  assertEquals(t.driver.stats.readBackBytes, 0);
  assertEquals(await t.bytes(buffer, { offset: 124, length: 8 }), new Uint8Array([7, 7, 7, 7, 8, 8, 8, 8]));
});

Deno.test("reads of a buffer that the device has not written use the host's copy", async () => {
  await using t = bench(large);
  const buffer = await t.make(PAGES, 5);
  assertEquals(await t.bytes(buffer, { offset: 9, length: 3 }), new Uint8Array([5, 5, 5]));
  assertEquals(t.driver.stats.readBackBytes, 0);
});

Deno.test("words that came back for a write are not taken for the bytes after it", async () => {
  await using t = bench(large);
  const buffer = await t.make(PAGES);
  await t.fill(7, buffer);
  await t.write(buffer, new Uint8Array([1]), 5);
  assertEquals(await t.bytes(buffer, { offset: 4, length: 4 }), new Uint8Array([7, 1, 7, 7]));
  await t.write(buffer, new Uint8Array([2]), 6);
  await t.fill(8, buffer);
  assertEquals(await t.bytes(buffer, { offset: 4, length: 4 }), new Uint8Array([8, 8, 8, 8]));
});
