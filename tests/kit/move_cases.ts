import type { Fence } from "@ttm/core";
import type { DriverBench } from "./driver_bench.ts";
import { tour } from "./driver_steps.ts";
import { must } from "./suite.ts";

type Case = (bench: DriverBench) => Promise<void>;

/** Cases for moves, their fences and their stops. */
export const moveCases: Readonly<Record<string, Case>> = {
  async "moves are immediate or return fences, as it says"(bench) {
    await tour(bench);
    const kind = bench.driver.supports?.moves ?? "immediate";
    for (const { request, fence } of bench.moves) {
      const what = `the move of ${request.buffer} to ${request.destination.memoryType}`;
      must(kind !== "immediate" || fence === null, () => `${what} returned a fence, and moves are immediate`);
    }
  },
  async "the fences of moves are made and signal in the order of their timelines"(bench) {
    await tour(bench);
    await bench.settle();
    const fences = bench.moves.flatMap(({ fence }) => fence ?? []);
    for (const fence of fences) {
      must(fence.signalled, () => `${fence} has not signalled, and nothing is left to happen`);
      must(fence.error === undefined, () => `${fence} failed: ${fence.error}`);
    }
    mustBeInOrder(fences, "was made");
    mustBeInOrder(bench.ended, "signalled");
  },
  async "a hop is a place of the device, and both ways from it are open"({ driver, types, make, bring }) {
    for (const from of types) {
      for (const to of types) {
        if (from === to) continue;
        const buffer = await make(from, 1, 0);
        const stop = driver.hop?.(buffer, from, to) ?? null;
        must(stop === null || types.includes(stop.memoryType), () => `the hop names ${stop?.memoryType}`);
        await bring(buffer, to);
        buffer.unref();
      }
    }
  },
};

/** Fences of one timeline must not overtake one another. */
function mustBeInOrder(fences: readonly Fence[], what: string): void {
  for (const [at, fence] of fences.entries()) {
    const before = fences.slice(0, at).findLast(({ context }) => context === fence.context);
    must(before === undefined || before.seqno < fence.seqno, () => `${fence} ${what} after ${before}`);
  }
}
