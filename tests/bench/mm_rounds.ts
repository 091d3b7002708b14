/**
 * What `@ttm/first-fit` takes beside the kernel's `drm_mm`, on a machine that others use, too: `deno run --allow-read
 * tests/bench/mm_rounds.ts`. Of each operation of the kernel's traces the quickest of many replays counts, less what
 * reading the clock takes. The kernel's figures are those of its allocator in User Mode Linux, best of 8 boots.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { RangeAllocator, type SearchOrder } from "@ttm/first-fit";
import { unzipLines } from "../oracle/families.ts";
import mm1 from "../oracle/traces/mm-seed-1.jsonl.gz" with { type: "bytes" };
import mm5 from "../oracle/traces/mm-seed-5.jsonl.gz" with { type: "bytes" };
import { meanOf, quickest } from "./single_operations.ts";

/** A line of the kernel's trace: an operation, without its result. */
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

printRow("ns an operation, in all orders by turns", ["insert", "remove"]);
printRow("  drm_mm, seeds 1 to 4", ["220", "178"]);
for (const [seed, data] of [[1, mm1], [5, mm5]] as const) {
  const [header, ...lines] = (await unzipLines(data)).filter((line) => line !== "").map((line) => JSON.parse(line));
  const make = () => new RangeAllocator({ start: header.start, size: header.size, orders: MODES });
  const times = quickest(make, playable(lines));
  printRow(`  seed ${seed}`, ["insert", "remove"].map((op) => meanOf(times, lines, op).toFixed(0)));
}

/** Makes each operation of a trace a function, for one allocator after another. */
function playable(lines: readonly Line[]): ((space: RangeAllocator) => void)[] {
  const held: number[] = [];
  return lines.map(({ op, id, start, size, align: alignment, lo, hi, mode }) => {
    const order = MODES[mode % 2 ** 31] as SearchOrder;
    const request = { size, alignment, lo, hi, order };
    if (op === "insert") return (space) => void (held[id] = space.take(request));
    if (op === "reserve") return (space) => void (held[id] = space.reserve({ start, size })?.handle ?? 0);
    return (space) => {
      const handle = held[id] as number;
      if (handle > 0) space.give(handle);
    };
  });
}

function printRow(name: string, figures: readonly string[]): void {
  console.log(name.padEnd(44) + figures.map((figure) => figure.padStart(10)).join(""));
}
