import { type BufferObject, type MemoryTypeOptions, PAGE_SIZE, type ReadOnlyStore } from "@ttm/core";
import { bytesOf, type DriverBench } from "./driver_bench.ts";
import { mustEqual } from "./suite.ts";

/** Cases for buffers that are born from a store, in each type of fixed memory. */
export function storedCases(
  types: readonly MemoryTypeOptions[],
): Record<string, (bench: DriverBench) => Promise<void>> {
  const cases: Record<string, (bench: DriverBench) => Promise<void>> = {};
  for (const { name: type } of types) {
    cases[`buffers that are born from a store take turns in ${type}, and are dropped without a move`] = async (
      bench,
    ) => {
      const { device, settle } = bench;
      const pages = Math.max(1, Math.floor(device.usage(type).pages / 2));
      const buffers = [31, 32, 33].map((seed) => [bear(bench, pages, seed), seed] as const);
      for (let round = 0; round < 2; round++) {
        for (const [buffer, seed] of buffers) {
          await bench.bring(buffer, type);
          await bench.mustHold(buffer, seed);
        }
      }
      await settle();
      const moves = bench.moves.length;
      await device.evictAll(type);
      mustEqual(bench.moves.length - moves, 0, `the number of moves that evict clean buffers from ${type}`);
      mustEqual(buffers.map(([{ swapped }]) => swapped), [true, true, true], "whether the evicted are swapped out");
      mustEqual(
        [device.usage(type).residents, device.global.usedPages],
        [0, 0],
        `what is left in ${type} and the host`,
      );
    };
    cases[`what is written in ${type} to a buffer that is born from a store is kept`] = async (bench) => {
      const buffer = bear(bench, 2, 34);
      await bench.bring(buffer, type);
      await bench.device.evictAll(type);
      await bench.bring(buffer, type);
      await buffer.reserve();
      await buffer.write(bytesOf(buffer.bytes, 35));
      buffer.unreserve();
      await bench.device.evictAll(type);
      await bench.mustHold(buffer, 35);
      await bench.bring(buffer, type);
      await bench.mustHold(buffer, 35);
    };
  }
  return cases;
}

/** Makes a buffer whose bytes, made of a seed, a read-only store has. */
function bear({ device, keep }: DriverBench, pages: number, seed: number): BufferObject {
  const bytes = pages * PAGE_SIZE;
  const store: ReadOnlyStore = { name: "seeds", readOnly: true, read: () => bytesOf(bytes, seed) };
  return keep(device.createBuffer({ bytes, stored: { key: `seed ${seed}`, store } }));
}
