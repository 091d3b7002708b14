import { PAGE_SIZE } from "@ttm/core";
import { bytesOf, type DriverBench } from "./driver_bench.ts";
import { must, mustEqual } from "./suite.ts";

type Case = (bench: DriverBench) => Promise<void>;

const PAGES = 3;
/** Ranges of bytes, [offset, length]: odd ones, across pages, at both ends. */
const RANGES = [[0, 1], [1, 2], [3, 5], [4090, 13], [4096, 4096], [5001, 7001], [PAGES * PAGE_SIZE - 3, 3]] as const;

/** Cases for reads and writes of the CPU in each memory type; `seen` are those with windows. */
export function accessCases(types: readonly string[], seen: readonly string[]): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const type of types) {
    cases[`reads and writes in ${type} reach the bytes that are named, and no others`] = async (bench) => {
      const buffers = [await bench.make(type, PAGES, 1), await bench.make(type, PAGES, 2)] as const;
      const models = [bytesOf(PAGES * PAGE_SIZE, 1), bytesOf(PAGES * PAGE_SIZE, 2)] as const;
      for (const [at, [offset, length]] of RANGES.entries()) {
        const [buffer, model] = [buffers[at % 2 as 0 | 1], models[at % 2 as 0 | 1]];
        // A part of a larger array, which is the caller's again after the write.
        const bytes = bytesOf(length + 16, 10 + at).subarray(8, 8 + length);
        model.set(bytes, offset);
        await buffer.reserve();
        await buffer.write(bytes, { offset });
        bytes.fill(0x5a);
        const found = await buffer.read({ offset, length });
        buffer.unreserve();
        const wrong = found.findIndex((byte, index) => byte !== model[offset + index]);
        const what = `a read of ${length} bytes at byte ${offset} of ${buffer} in ${type}`;
        must(wrong < 0, () => `${what} has ${found[wrong]} at ${wrong}, and should have ${model[offset + wrong]}`);
        const why = `, after ${length} bytes were written at byte ${offset} of ${buffer}`;
        for (const [other, all] of models.entries()) await bench.mustHave(buffers[other as 0 | 1], all, why);
      }
    };
  }
  for (const type of seen) {
    cases[`windows of the same pages of ${type} are the same memory`] = (bench) => overlap(bench, type);
  }
  return cases;
}

async function overlap({ driver, make }: DriverBench, type: string): Promise<void> {
  const { start } = await make(type, PAGES, 0);
  const open = (first: number, pages: number) => {
    const window = driver.ioMemReserve?.(type, (start ?? 0) + first, pages) ?? null;
    mustEqual(window?.length, pages * PAGE_SIZE, `the bytes of the window of ${pages} pages`);
    return window as Uint8Array;
  };
  const close = (first: number, pages: number) => driver.ioMemFree?.(type, (start ?? 0) + first, pages);
  const windows = [open(0, PAGES), open(1, 1), open(0, PAGES)] as const;
  for (const [at, [writer, reader, offset]] of [[0, 1, PAGE_SIZE], [1, 2, PAGE_SIZE], [2, 0, 0]].entries()) {
    windows[writer as 0 | 1 | 2].fill(at + 1);
    const end = offset === 0 ? 0 : reader === 1 ? 0 : PAGE_SIZE;
    const found = windows[reader as 0 | 1 | 2][end];
    must(found === at + 1, () => `the window of ${type} shows ${found}, and ${at + 1} was written by another: a copy?`);
  }
  close(0, PAGES);
  close(1, 1);
  close(0, PAGES);
}
