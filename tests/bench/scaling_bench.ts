import { randomNumbers } from "../../replay/workloads/random.ts";
import { equalSizes, makeFleet, pick, use } from "./devices.ts";
import { benchRows, type Row, type Variant } from "./variant.ts";

const OPERATIONS = 100_000;

function make(count: number) {
  const { buffers, vram } = makeFleet({ sizes: equalSizes(count, 1) });
  const random = randomNumbers(5);
  return { vram, list: pick(buffers, Array.from({ length: OPERATIONS }, () => Math.floor(random() * count))) };
}

function inPlace(count: number): Variant {
  return {
    name: `${count.toLocaleString("en")} buffers`,
    operations: OPERATIONS,
    prepare() {
      const { vram, list } = make(count);
      return () => {
        for (const buffer of list) use(buffer, vram);
      };
    },
  };
}

function touch(count: number): Variant {
  return {
    name: `${count.toLocaleString("en")} buffers`,
    operations: OPERATIONS,
    prepare() {
      const { list } = make(count);
      return () => {
        for (const buffer of list) {
          buffer.tryReserve();
          buffer.unreserve();
        }
      };
    },
  };
}

/** What is usual comes first. */
const COUNTS = [10_000, 1_000, 100_000, 1_000_000];

/** The same among more and more buffers, of which less and less is in the caches. */
export const SCALING_ROWS: readonly Row[] = benchRows([
  { name: "scaling, in place", variants: COUNTS.map(inPlace) },
  { name: "scaling, touch", variants: COUNTS.map(touch) },
]);
