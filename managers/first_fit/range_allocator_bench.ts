import { RangeAllocator, type RangeNode, type SearchOrder } from "@ttm/first-fit";
import { drawMix, type Mix, MIX_NAMES, POOL } from "../../tests/bench/mixes.ts";
import { unzipLines } from "../../tests/oracle/families.ts";
import mm1 from "../../tests/oracle/traces/mm-seed-1.jsonl.gz" with { type: "bytes" };
import mm5 from "../../tests/oracle/traces/mm-seed-5.jsonl.gz" with { type: "bytes" };

const OPERATIONS = 100_000;
const ALL: readonly SearchOrder[] = ["lowest", "best", "highest", "evict"];

/**
 * A kind of request: a fifth of each mix is aligned to 16 and to 512, a tenth limited to the lowest and highest
 * quarter.
 */
interface Kind {
  readonly orders: readonly SearchOrder[];
  readonly aligned: boolean;
  readonly limited: boolean;
}

const KINDS: Readonly<Record<string, Kind>> = {
  "plain": { orders: ["lowest"], aligned: false, limited: false },
  "plain, by best": { orders: ["best"], aligned: false, limited: false },
  "plain, all orders by turns": { orders: ALL, aligned: false, limited: false },
  "aligned": { orders: ["lowest"], aligned: true, limited: false },
  "limited": { orders: ["lowest"], aligned: false, limited: true },
  "aligned and limited": { orders: ["lowest"], aligned: true, limited: true },
};

/** Runs the operations of a mix. */
function play({ sizes, slots, slotCount }: Mix, { orders, aligned, limited }: Kind): void {
  const allocator = new RangeAllocator({ size: POOL, orders });
  const held: (RangeNode | null)[] = Array.from({ length: slotCount }, () => null);
  for (let i = 0; i < sizes.length; i++) {
    const slot = slots[i] as number;
    const size = sizes[i] as number;
    const node = held[slot] ?? null;
    if (size > 0) {
      const alignment = !aligned || i % 5 > 1 ? 1 : i % 5 === 1 ? 16 : 512;
      const lo = limited && i % 10 === 7 ? POOL * 3 / 4 : 0;
      const hi = limited && i % 10 === 3 ? POOL / 4 : Infinity;
      const order = orders[i % orders.length] as SearchOrder;
      held[slot] = allocator.insert({ size, alignment, lo, hi, order });
    } else if (node !== null) {
      allocator.remove(node);
      held[slot] = null;
    }
  }
}

for (const name of MIX_NAMES) {
  const mix = drawMix(name, OPERATIONS);
  for (const [kind, how] of Object.entries(KINDS)) {
    const title = `${name}, ${kind} (${OPERATIONS} operations)`;
    Deno.bench(title, { group: name, baseline: kind === "plain", n: 10, warmup: 3 }, () => play(mix, how));
  }
}

/** A line of the kernel's trace: the operations that this allocator supports, without their results. */
interface Line {
  readonly op: "insert" | "reserve" | "remove";
  readonly id: number;
  readonly start: number;
  readonly size: number;
  readonly align: number;
  readonly lo: number;
  readonly hi: number;
  readonly mode: number;
}

const MODES: readonly SearchOrder[] = ["best", "lowest", "highest", "evict"];

for (const [seed, data] of [[1, mm1], [5, mm5]] as const) {
  const [header, ...lines] = (await unzipLines(data)).filter((line) => line !== "").map((line) => JSON.parse(line));
  const operations = lines as readonly Line[];
  const title = `drm_mm, seed ${seed} (${operations.length} operations)`;
  Deno.bench(title, { group: "what drm_mm was asked for", baseline: seed === 1 }, () => {
    const allocator = new RangeAllocator({ start: header.start, size: header.size, orders: MODES });
    const held: (RangeNode | null)[] = [];
    for (const { op, id, start, size, align: alignment, lo, hi, mode } of operations) {
      const node = held[id] ?? null;
      const order = MODES[mode % 2 ** 31] as SearchOrder;
      if (op === "insert") held[id] = allocator.insert({ size, alignment, lo, hi, order });
      else if (op === "reserve") held[id] = allocator.reserve({ start, size });
      else if (node !== null) allocator.remove(node);
    }
  });
}
