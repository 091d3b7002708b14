import { firstFit } from "@ttm/first-fit";
import { goodFit, GoodFitAllocator } from "@ttm/good-fit";
import { drawMix, type Mix, MIX_NAMES, POOL } from "./mixes.ts";
import { benchRows, type Row, type Variant } from "./variant.ts";

const OPERATIONS = 1_000_000;

/** Allocating and freeing in five mixes: the managers beside the allocator that needs no request. */
export const MANAGER_ROWS: readonly Row[] = benchRows(
  MIX_NAMES.map((name) => {
    let mix: Mix | null = null;
    // Drawn when a variant is first prepared, since most commands measure other rows.
    const drawn = () => mix ??= drawMix(name, OPERATIONS);
    return { name: `managers, ${name}`, runs: 8, variants: [byHandles(drawn), byGoodFit(drawn), byFirstFit(drawn)] };
  }),
);

function byHandles(drawn: () => Mix): Variant {
  return {
    name: "good fit by handles",
    operations: OPERATIONS,
    prepare: () => {
      const { sizes, slots, slotCount } = drawn();
      return () => {
        const pages = new GoodFitAllocator({ size: POOL });
        const held = new Int32Array(slotCount);
        for (let i = 0; i < OPERATIONS; i++) {
          const slot = slots[i] as number;
          const size = sizes[i] as number;
          if (size > 0) held[slot] = pages.take(size);
          else if (held[slot] !== 0) {
            pages.give(held[slot] as number);
            held[slot] = 0;
          }
        }
      };
    },
  };
}

// The loops are written out for each, so that the compiler sees one manager in each.
function byGoodFit(drawn: () => Mix): Variant {
  return {
    name: "good fit as a manager",
    operations: OPERATIONS,
    prepare: () => {
      const { sizes, slots, slotCount } = drawn();
      return () => {
        const pages = goodFit();
        pages.init(POOL);
        const request = { pages: 0, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false };
        const held = new Int32Array(slotCount);
        for (let i = 0; i < OPERATIONS; i++) {
          const slot = slots[i] as number;
          request.pages = sizes[i] as number;
          if (request.pages > 0) held[slot] = pages.allocate(request);
          else if (held[slot] !== 0) {
            pages.free(held[slot] as number, 0);
            held[slot] = 0;
          }
        }
      };
    },
  };
}

function byFirstFit(drawn: () => Mix): Variant {
  return {
    name: "first fit, lowest, as a manager",
    operations: OPERATIONS,
    prepare: () => {
      const { sizes, slots, slotCount } = drawn();
      return () => {
        const pages = firstFit();
        pages.init(POOL);
        const request = { pages: 0, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false };
        const held = new Int32Array(slotCount);
        for (let i = 0; i < OPERATIONS; i++) {
          const slot = slots[i] as number;
          request.pages = sizes[i] as number;
          if (request.pages > 0) held[slot] = pages.allocate(request);
          else if (held[slot] !== 0) {
            pages.free(held[slot] as number, 0);
            held[slot] = 0;
          }
        }
      };
    },
  };
}
