import { type BufferObject, PAGE_SIZE } from "@ttm/core";
import { bytesOf, type DriverBench } from "./driver_bench.ts";
import { mustEqual } from "./suite.ts";

const PAGES = 2;
const FROM_BIRTH = 21;
const WRITTEN = 22;

/** Cases for imported bytes in each memory type, and in moves between any two. */
export function importedCases(
  types: readonly string[],
): Record<string, (bench: DriverBench) => Promise<void>> {
  const cases: Record<string, (bench: DriverBench) => Promise<void>> = {};
  for (const type of types) {
    cases[`an imported buffer first placed in ${type} has the imported bytes`] = async (bench) => {
      const { buffer, array } = importInto(bench);
      await bench.bring(buffer, type);
      await bench.mustHold(buffer, FROM_BIRTH);
      mustBe(array, FROM_BIRTH, "the exporter's array");
      buffer.unref();
      await bench.settle();
      mustBe(array, FROM_BIRTH, "the exporter's array after the buffer");
    };
    cases[`bytes written to imported memory in ${type} are in the exporter's array after the release`] = async (
      bench,
    ) => {
      const { buffer, array } = importInto(bench);
      await bench.bring(buffer, type);
      await write(buffer);
      buffer.unref();
      await bench.settle();
      mustBe(array, WRITTEN, "the exporter's array after the buffer");
    };
    for (const other of types) {
      if (other === type) continue;
      cases[`imported bytes move from ${type} to ${other} and back, and are never zeroed`] = async (bench) => {
        const { buffer, array } = importInto(bench);
        for (const next of [type, other, type]) {
          await bench.bring(buffer, next);
          await bench.mustHold(buffer, FROM_BIRTH);
          mustBe(array, FROM_BIRTH, `the exporter's array with the buffer in ${next}`);
        }
        await write(buffer);
        await bench.bring(buffer, other);
        await bench.mustHold(buffer, WRITTEN);
        await bench.bring(buffer, "system");
        await bench.mustHold(buffer, WRITTEN);
        mustBe(array, WRITTEN, "the exporter's array with the buffer in system");
      };
    }
  }
  return cases;
}

function importInto({ device, keep }: DriverBench): { buffer: BufferObject; array: Uint8Array } {
  const array = bytesOf(PAGES * PAGE_SIZE, FROM_BIRTH);
  const buffer = keep(device.createBuffer({ bytes: array.length, kind: "sg", imported: array }));
  return { buffer, array };
}

async function write(buffer: BufferObject): Promise<void> {
  await buffer.reserve();
  await buffer.write(bytesOf(buffer.bytes, WRITTEN));
  buffer.unreserve();
}

function mustBe(array: Uint8Array, seed: number, what: string): void {
  const expected = bytesOf(array.length, seed);
  const at = array.findIndex((byte, index) => byte !== expected[index]);
  mustEqual(at < 0 ? "as it should be" : `${array[at]} at byte ${at}`, "as it should be", what);
}
