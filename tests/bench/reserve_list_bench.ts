import { FenceContext, reserveList } from "@ttm/core";
import { randomNumbers } from "../../replay/workloads/random.ts";
import { equalSizes, type Fleet, makeFleet, pick } from "./devices.ts";
import { benchRows, type Row, type Variant } from "./variant.ts";

const BUFFERS = 4096;
const OPERATIONS = 16_384;

/** The lists of some submissions; no buffer stands in one of them twice. */
function lists(fleet: Fleet, length: number) {
  const random = randomNumbers(6);
  return Array.from({ length: OPERATIONS / length }, () => {
    const ids = new Set<number>();
    while (ids.size < length) ids.add(Math.floor(random() * BUFFERS));
    return pick(fleet.buffers, [...ids]).map((buffer) => ({ buffer }));
  });
}

/** Submissions of a driver: reserve all buffers under one ticket, validate each, announce the work, give them up. */
function submissions(length: number): Variant {
  return {
    name: `reserveList of ${length}, tryValidate each, fence`,
    operations: OPERATIONS,
    prepare() {
      const fleet = makeFleet({ sizes: equalSizes(BUFFERS, 1) });
      const work = new FenceContext("work");
      const all = lists(fleet, length);
      return async () => {
        for (const entries of all) {
          const list = await reserveList(entries);
          for (const { buffer } of entries) buffer.tryValidate(fleet.vram);
          const fence = work.next();
          list.fence(fence);
          fence.signal();
        }
      };
    },
  };
}

/** The same buffers, one after the other and without a ticket. */
function singly(): Variant {
  return {
    name: "tryReserve, tryValidate, addFence, unreserve",
    operations: OPERATIONS,
    prepare() {
      const fleet = makeFleet({ sizes: equalSizes(BUFFERS, 1) });
      const work = new FenceContext("work");
      const all = lists(fleet, 32);
      return () => {
        for (const entries of all) {
          const fence = work.next();
          for (const { buffer } of entries) {
            buffer.tryReserve();
            buffer.tryValidate(fleet.vram);
            buffer.addFence(fence, "write");
            buffer.unreserve();
          }
          fence.signal();
        }
      };
    },
  };
}

/** What a submission costs for each of its buffers. */
export const RESERVE_LIST_ROWS: readonly Row[] = benchRows([
  { name: "a submission, for each buffer", variants: [singly(), submissions(32), submissions(256)] },
]);
