import { type BufferObject, checkInvariants } from "@ttm/core";
import type { DriverBench } from "./driver_bench.ts";
import { halfOf, pagesFor, tour } from "./driver_steps.ts";
import { randomNumbers } from "./suite.ts";

type Case = (bench: DriverBench) => Promise<void>;

/** Cases for contents that are kept in each memory type and on each way. */
export function byteCases(types: readonly string[]): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const from of types) {
    cases[`a new buffer in ${from} reads as zero in memory of freed buffers`] = async (bench) => {
      const { make, mustHold, settle } = bench;
      for (let round = 1; round <= 3; round++) {
        const leaving = await make(from, pagesFor(bench, from), round);
        leaving.unref();
        await settle();
        const next = await make(from, pagesFor(bench, from), 0);
        await mustHold(next, 0);
        next.unref();
      }
    };
    cases[`bytes written in ${from} are read back, and other buffers keep theirs`] = async (bench) => {
      const { make, mustHold } = bench;
      const buffers = [await make(from, 1, 1), await make(from, 2, 2), await make(from, 1, 3)];
      for (const [at, buffer] of buffers.entries()) await mustHold(buffer, at + 1);
    };
    for (const to of types.filter((type) => type !== from)) {
      cases[`a move from ${from} to ${to} keeps the bytes`] = async ({ make, bring, mustHold }) => {
        const buffer = await make(from, 3, 7);
        await bring(buffer, to);
        await mustHold(buffer, 7);
      };
    }
  }
  for (const type of types.slice(1)) {
    cases[`a buffer evicted from ${type} keeps its bytes`] = async (bench) => {
      const buffers = [];
      for (let seed = 1; seed <= 5; seed++) buffers.push(await bench.make(type, halfOf(bench, type), seed));
      for (const [at, buffer] of buffers.entries()) await bench.mustHold(buffer, at + 1);
    };
  }
  return { ...cases, ...longCases };
}

const longCases: Readonly<Record<string, Case>> = {
  async "bytes survive the swap store from every memory type"({ device, types, make, mustHold, settle }) {
    for (const type of types) {
      const buffer = await make(type, 2, 4);
      await settle();
      if (type !== "system") await device.evictAll(type);
      await device.global.swapOutAll();
      await mustHold(buffer, 4);
    }
  },
  async "bytes survive several tours without a pause"(bench) {
    const buffer = await tour(bench, 8);
    for (let round = 0; round < 3; round++) {
      for (const type of bench.types) await bench.bring(buffer, type);
    }
    await bench.mustHold(buffer, 8);
  },
  async "whatever happens in 400 random steps, no byte is lost"(bench) {
    const { device, types, make, bring, mustHold } = bench;
    const random = randomNumbers(20);
    const seeds = new Map<BufferObject, number>();
    for (let turn = 1; turn <= 400; turn++) {
      const buffer = [...seeds.keys()][random(seeds.size + 1)];
      const type = types[random(types.length)] ?? "system";
      const act = random(10);
      if (buffer === undefined || (act < 3 && seeds.size < 12)) seeds.set(await make(type, 1 + random(3), turn), turn);
      else if (act === 3) await mustHold(buffer, seeds.get(buffer) ?? 0);
      else if (act === 4 && seeds.delete(buffer)) buffer.unref();
      else if (act === 5) await device.evictFirst(type);
      else if (act === 6) await device.swapOut();
      else await bring(buffer, type);
      if (turn % 20 === 0) checkInvariants(device);
    }
    for (const [buffer, seed] of seeds) await mustHold(buffer, seed);
  },
};
