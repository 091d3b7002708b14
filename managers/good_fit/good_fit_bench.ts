import { BuddyAllocator } from "@ttm/buddy";
import { RangeAllocator } from "@ttm/first-fit";
import { goodFit, GoodFitAllocator } from "@ttm/good-fit";
import { MemPool } from "@thi.ng/malloc";
import Malloc from "malloc";
import { BlockAllocator } from "playcanvas/build/playcanvas/src/core/block-allocator.js";
import { drawMix, MIX_NAMES, POOL } from "../../tests/bench/mixes.ts";

const OPERATIONS = 400_000;

/** An allocator as the mixes use it: allocating returns a handle, or null if no hole fits. */
interface Peer {
  take(size: number): unknown;
  give(handle: unknown): void;
}

/** The allocators, by name; each call makes a new one with a pool of {@linkcode POOL} units. */
const PEERS: Readonly<Record<string, () => Peer>> = {
  "good fit": () => {
    const pages = new GoodFitAllocator({ size: POOL });
    return { take: (size) => pages.take(size) || null, give: (handle) => pages.give(handle as number) };
  },
  "good fit, nodes": () => {
    const pages = new GoodFitAllocator({ size: POOL });
    return { take: (size) => pages.insert({ size }), give: (node) => pages.remove(node as never) };
  },
  "good fit, the manager": () => {
    const pages = goodFit();
    pages.init(POOL);
    const request = { pages: 0, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false };
    const take = (size: number) => {
      request.pages = size;
      return pages.allocate(request) || null;
    };
    return { take, give: (handle) => pages.free(handle as number, 0) };
  },
  "good fit, with its index": () => {
    const pages = new GoodFitAllocator({ size: POOL });
    pages.give(pages.take({ size: 1, topDown: true }));
    return { take: (size) => pages.take(size) || null, give: (handle) => pages.give(handle as number) };
  },
  "first fit, best": () => {
    const pages = new RangeAllocator({ size: POOL, orders: ["best"] });
    return { take: (size) => pages.insert({ size }), give: (node) => pages.remove(node as never) };
  },
  "buddy": () => {
    const pages = new BuddyAllocator({ size: POOL, chunk: 1 });
    return { take: (size) => pages.allocate({ size }), give: (blocks) => pages.release(blocks as never) };
  },
  "npm:playcanvas": () => {
    const pages = new BlockAllocator(POOL);
    return { take: (size) => pages.allocate(size), give: (block) => pages.free(block as never) };
  },
  // These two count bytes, and keep a header of their own before each block.
  "npm:malloc": () => {
    const pages = new Malloc(new ArrayBuffer(16 * POOL));
    return { take: (size) => pages.alloc(16 * size - 8) || null, give: (address) => pages.free(address as number) };
  },
  "npm:@thi.ng/malloc": () => {
    const pages = new MemPool({ buf: new ArrayBuffer(16 * POOL) });
    return { take: (size) => pages.malloc(16 * size - 8) || null, give: (address) => pages.free(address as number) };
  },
};

/** Allocators that walk a list of blocks: they take minutes in the mixes with many of them. */
const SLOW = new Set(["npm:@thi.ng/malloc"]);

for (const name of MIX_NAMES) {
  for (const [peer, make] of Object.entries(PEERS)) {
    const count = SLOW.has(peer) ? OPERATIONS / 100 : OPERATIONS;
    const { sizes, slots, slotCount } = drawMix(name, count);
    const title = `${peer} (${count} operations)`;
    Deno.bench(title, { group: `peers, ${name}`, baseline: peer === "good fit", n: 10, warmup: 3 }, () => {
      const { take, give } = make();
      const held: unknown[] = [];
      for (let slot = 0; slot < slotCount; slot++) held.push(null);
      for (let i = 0; i < count; i++) {
        const slot = slots[i] as number;
        const size = sizes[i] as number;
        if (size > 0) held[slot] = take(size);
        else if (held[slot] !== null) {
          give(held[slot]);
          held[slot] = null;
        }
      }
    });
  }
}
