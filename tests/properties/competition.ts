import { assert } from "@std/assert";
import { BoDevice, checkInvariants, type Driver, PAGE_SIZE, SimulatedClock, TtmError } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { hardDriver } from "./hard_driver.ts";

const VRAM_PAGES = 100;
/** Together 60 pages. */
const SIZES = [20, 15, 10, 7, 5, 3];
const CHECK_EVERY = 100;

/** Parties that want VRAM at the same time. */
export interface Competition {
  readonly parties: number;
  /** How often each of them submits. */
  readonly submissions: number;
  /** Whether an eviction is over only when its copy is, so that submissions wait for room. */
  readonly waits: boolean;
}

/** What came of it. */
export interface Result {
  readonly submissions: number;
  /** Those that waited. */
  readonly waited: number;
  readonly outOfMemory: number;
  /** The most works of others that came between a call and its work. */
  readonly mostTurnsOfOthers: number;
  readonly evictions: number;
  readonly simulatedMs: number;
}

/** Lets parties that use 60 % of VRAM each submit jobs on radeon-sim, and checks that none starves. */
export async function compete({ parties, submissions, waits }: Competition): Promise<Result> {
  const clock = new SimulatedClock();
  const gpu = new RadeonSim({ vram: VRAM_PAGES * PAGE_SIZE, gtt: VRAM_PAGES * PAGE_SIZE, contents: "stamps" });
  const driver: Driver = hardDriver(gpu, clock, [], waits ? { pipelinedEvictions: false } : {});
  let evictions = 0;
  const tracer = { move: ({ evict }: { readonly evict: boolean }) => void (evict && evictions++) };
  const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, clock, tracer });
  const placement = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
  let [works, waited, outOfMemory, mostTurnsOfOthers] = [0, 0, 0, 0];

  async function submitAll(party: number): Promise<void> {
    const buffers = SIZES.map((pages, at) => {
      return { buffer: device.createBuffer({ bytes: pages * PAGE_SIZE, label: `${party}.${at}` }), write: at === 0 };
    });
    const entries = buffers.map(({ buffer, write }) => {
      return { buffer, usage: write ? "write" : "read", placement } as const;
    });
    for (let turn = 0; turn < submissions; turn++) {
      const before = works;
      let isWaiting = false;
      try {
        const submitted = device.submit(entries, () => {
          mostTurnsOfOthers = Math.max(mostTurnsOfOthers, works - before);
          works++;
          if (isWaiting) waited++;
          return gpu.submit({ buffers, durationMs: 1 });
        });
        isWaiting = true;
        await submitted;
      } catch (error) {
        if (!(error instanceof TtmError) || error.code !== "ENOMEM") throw error;
        outOfMemory++;
      }
      if (works % CHECK_EVERY === 0) checkInvariants(device);
      await buffers[turn % buffers.length]?.buffer.wait();
    }
    for (const { buffer } of buffers) buffer.unref();
  }

  await Promise.all(Array.from({ length: parties }, (_, party) => submitAll(party)));
  assert(works + outOfMemory === parties * submissions, `${works} works and ${outOfMemory} times ENOMEM`);
  await device.close();
  return { submissions: works, waited, outOfMemory, mostTurnsOfOthers, evictions, simulatedMs: clock.now() };
}
