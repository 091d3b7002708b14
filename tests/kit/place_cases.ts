import type { DriverBench } from "./driver_bench.ts";
import { halfOf, populate } from "./driver_steps.ts";
import { must, mustEqual } from "./suite.ts";

type Case = (bench: DriverBench) => Promise<void>;

/** Cases for memory types, host tables, evictions and purges. */
export function placeCases(types: readonly string[]): Record<string, Case> {
  const cases: Record<string, Case> = {
    // deno-lint-ignore require-await -- as the others
    async "its memory types have names, SYSTEM first, and their managers have all of their pages"({ device, driver }) {
      mustEqual(device.memoryTypes, driver.memoryTypes.map(({ name }) => name), "the memory types");
      must(driver.name.length > 0, () => "the driver has no name");
    },
    async "a host table has the buffer's size, and is its own"({ driver, make }) {
      if (driver.createTranslationTable === undefined) return;
      const [first, second] = [await make("system", 3, 0), await make("system", 1, 0)];
      mustEqual([first.tt?.pages, second.tt?.pages], [3, 1], "the sizes of the tables");
      must(first.tt !== second.tt, () => "two buffers have one table");
      must(first.tt?.populated === false, () => "a new table has pages already");
      for (const buffer of [first, second]) await populate(buffer);
      const pages = [first.tt?.contents, second.tt?.contents];
      must(pages[0] !== null && pages[0] !== pages[1], () => "two tables have the same pages, or none");
    },
  };
  for (const type of types.slice(1)) {
    cases[`everything can be evicted from ${type}, also when it is full`] = async (bench) => {
      for (let made = 0; made < 3; made++) await bench.make(type, halfOf(bench, type), 0);
      await bench.device.evictAll(type);
      mustEqual(bench.device.usage(type).residents, 0, `what is left in ${type}`);
    };
    cases[`a buffer may be purged in ${type}`] = async ({ device, settle, make }) => {
      const buffer = await make(type, 2, 0);
      await buffer.reserve();
      await buffer.validate({ placement: [] });
      buffer.unreserve();
      await settle();
      mustEqual([buffer.memoryType, device.usage(type).residents], [null, 0], "the buffer after its purge");
    };
  }
  return cases;
}
