import { type BufferObject, PAGE_SIZE, type ReadOnlyStore } from "@ttm/core";
import { bytesOf, type DriverBench } from "./driver_bench.ts";
import { must } from "./suite.ts";
import { write } from "./contents_cases.ts";

type Case = (bench: DriverBench) => Promise<void>;

const PAGES = 2;

/** Cases for what the first use of a buffer in a memory type finds. */
export function firstUseCases(types: readonly string[], hasWindows: boolean): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const type of types) {
    cases[`new buffers of all sizes in ${type} read as zero, whatever was freed or evicted`] = async (bench) => {
      const most = type === "system" ? 8 : bench.device.usage(type).pages;
      for (const [at, sizes] of [[most], [1, 2, most - 3], [most], [2, 1, 3], [most - 1]].entries()) {
        const buffers = [];
        for (const pages of sizes) {
          const buffer = await bench.make(type, Math.max(1, pages), 0);
          await bench.mustHold(buffer, 0, `: it is new, has ${pages} pages, and other buffers were there before`);
          await write(buffer, bytesOf(buffer.bytes, 1 + at));
          buffers.push(buffer);
        }
        if (at % 2 === 1 && type !== "system") await bench.device.evictAll(type);
        for (const buffer of buffers) buffer.unref();
        await bench.settle();
      }
    };
    cases[`a buffer that was purged in ${type} reads as zero in its next place`] = async (bench) => {
      const buffer = await bench.make(type, PAGES, 1);
      for (let round = 0; round < 2; round++) {
        await buffer.reserve();
        await buffer.validate({ placement: [] });
        buffer.unreserve();
        await bench.bring(buffer, type);
        await bench.mustHold(buffer, 0, ": its contents were discarded");
        await write(buffer, bytesOf(buffer.bytes, 2));
      }
    };
    cases[`host pages that are a part of a larger array come to ${type}`] = async (bench) => {
      for (const buffer of [importPart(bench), bearFromPart(bench)]) {
        await bench.bring(buffer, type);
        await bench.mustHold(buffer, 3, ": its host pages are a part of a larger array");
        await write(buffer, bytesOf(buffer.bytes, 4));
        await bench.bring(buffer, "system");
        await bench.mustHold(buffer, 4, ": its host pages are a part of a larger array");
      }
    };
    cases[`a buffer that was swapped out comes to ${type} with its bytes`] = async (bench) => {
      const buffer = await bench.make("system", PAGES, 5);
      await bench.settle();
      await bench.device.global.swapOutAll();
      await bench.bring(buffer, type);
      await bench.mustHold(buffer, 5, ": it was swapped out");
    };
    if (!hasWindows) continue;
    cases[`the last page of a buffer in ${type} is zero beyond the bytes of the buffer`] = async (bench) => {
      const before = await bench.make(type, PAGES, 6);
      before.unref();
      await bench.settle();
      const buffer = bench.keep(bench.device.createBuffer({ bytes: PAGE_SIZE + 100 }));
      await bench.bring(buffer, type);
      await buffer.reserve();
      const map = await buffer.map();
      const at = map.bytes.findIndex((byte) => byte !== 0);
      must(at < 0, () => `the map of ${buffer}, which is new, has ${map.bytes[at]} at byte ${at}, and should have 0`);
      map[Symbol.dispose]();
      buffer.unreserve();
    };
  }
  return cases;
}

/** Imports the second half of an array. */
function importPart({ device, keep }: DriverBench): BufferObject {
  const imported = inLarger(bytesOf(PAGES * PAGE_SIZE, 3));
  return keep(device.createBuffer({ bytes: imported.length, kind: "sg", imported }));
}

/** Makes a buffer of contents that a store returns as a part of a larger array. */
function bearFromPart({ device, keep }: DriverBench): BufferObject {
  const bytes = PAGES * PAGE_SIZE;
  const store: ReadOnlyStore = { name: "parts", readOnly: true, read: () => inLarger(bytesOf(bytes, 3)) };
  return keep(device.createBuffer({ bytes, stored: { key: "part", store } }));
}

function inLarger(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(2 * bytes.length).fill(0x5a);
  larger.set(bytes, bytes.length);
  return larger.subarray(bytes.length);
}
