/**
 * What `@ttm/buddy` takes beside the kernel, on a machine that others use, too: `deno run --allow-read
 * tests/bench/buddy_rounds.ts`. Of each operation of the kernel's traces the quickest of many replays counts, less what
 * reading the clock takes; of the cases of fragmentation CPU time. The kernel's figures are those of its allocator in
 * User Mode Linux, best of 8 boots, and of the cases those published with its rewrite.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import process from "node:process";
import { BuddyAllocator } from "@ttm/buddy";
import buddy1 from "../oracle/traces/buddy-seed-1.jsonl.gz" with { type: "bytes" };
import buddy5 from "../oracle/traces/buddy-seed-5.jsonl.gz" with { type: "bytes" };
import buddy7 from "../oracle/traces/buddy-seed-7.jsonl.gz" with { type: "bytes" };
import buddy9 from "../oracle/traces/buddy-seed-9.jsonl.gz" with { type: "bytes" };
import { FRAGMENTATION, playable, readTrace } from "./buddy_cases.ts";
import { median } from "./rounds.ts";
import { meanOf, quickest } from "./single_operations.ts";

const ROUNDS = 7;
const KERNEL_MS = [186, 114];

printRow("ns an operation: failed ones included, refused ones not", ["allocate", "free", "trim"]);
printRow("drm_buddy, seeds 1 to 10", ["630-1450", "169-203", ""]);
for (const [seed, data] of [[1, buddy1], [5, buddy5], [7, buddy7], [9, buddy9]] as const) await printTrace(seed, data);
printRow("ms a case of 4 GiB, CPU time", ["best", "median", "kernel"]);
for (const [at, [name, run]] of Object.entries(FRAGMENTATION).entries()) printCase(name, run, KERNEL_MS[at]);

function printRow(name: string, figures: readonly string[]): void {
  console.log(name.padEnd(76) + figures.map((figure) => figure.padStart(10)).join(""));
}

async function printTrace(seed: number, data: Uint8Array<ArrayBuffer>): Promise<void> {
  const [header, operations] = await readTrace(data);
  const times = quickest(() => new BuddyAllocator(header), playable(operations));
  printRow(`  seed ${seed}`, ["alloc", "free", "trim"].map((op) => meanOf(times, operations, op).toFixed(0)));
}

function printCase(name: string, run: () => void, kernel: number | undefined): void {
  run();
  const times = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  printRow(`  ${name}`, [Math.min(...times).toFixed(0), median(times).toFixed(0), kernel?.toString() ?? ""]);
}
