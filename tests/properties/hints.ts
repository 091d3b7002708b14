import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Driver,
  type EvictionPolicy,
  lru,
  type MoveEvent,
  mru,
  PAGE_SIZE,
  SimulatedClock,
  TtmError,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { lookahead, loops } from "@ttm/policies";
import { RadeonSim } from "@ttm/radeon-sim";
import { hardDriver } from "./hard_driver.ts";

/** Buffers are of equal size, so that pinned ones do not break the free room into pieces. */
const PAGES = 2;
const ROOM = 4;
const COUNT = 9;

const policies = {
  lru: (): EvictionPolicy => lru(),
  mru: (): EvictionPolicy => mru(),
  lookahead: (): EvictionPolicy => lookahead(lru()),
  loops: (): EvictionPolicy => loops(lru()),
};

type Step =
  | { readonly do: "submit"; readonly ats: readonly number[]; readonly held: number; readonly workMs: number }
  | { readonly do: "hint"; readonly ats: readonly number[] }
  | { readonly do: "foretell"; readonly count: number }
  | { readonly do: "pin"; readonly at: number };

/** Submissions, and what is said to come, which may be wrong. */
export interface Scenario {
  readonly policy: keyof typeof policies;
  readonly waits: boolean;
  readonly steps: readonly Step[];
}

const at = fc.nat(COUNT - 1);
const submit: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("submit" as const),
  ats: fc.oneof(
    { weight: 5, arbitrary: fc.uniqueArray(at, { minLength: 1, maxLength: ROOM - 2 }) },
    { weight: 1, arbitrary: fc.uniqueArray(at, { minLength: ROOM - 1, maxLength: ROOM + 1 }) },
  ),
  held: fc.integer({ min: -2, max: COUNT - 1 }),
  workMs: fc.nat(3),
});
const hint: fc.Arbitrary<Step> = fc.record({ do: fc.constant("hint" as const), ats: fc.array(at, { maxLength: 20 }) });
/** What is true. */
const foretell: fc.Arbitrary<Step> = fc.record({ do: fc.constant("foretell" as const), count: fc.nat(20) });
const pin: fc.Arbitrary<Step> = fc.record({ do: fc.constant("pin" as const), at });

/** Makes scenarios. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
  policy: fc.constantFrom(...Object.keys(policies) as (keyof typeof policies)[]),
  waits: fc.boolean(),
  steps: fc.array(
    fc.oneof({ weight: 6, arbitrary: submit }, { weight: 2, arbitrary: hint }, { weight: 1, arbitrary: foretell }, {
      weight: 1,
      arbitrary: pin,
    }),
    { minLength: 4, maxLength: 40 },
  ),
});

/** What came of a scenario. */
export interface Played {
  /** `"done"` or the code of the error, for each submission. */
  readonly ends: readonly string[];
  /** Moves that were made for no submission. */
  readonly early: number;
}

/** Plays a scenario, with its hints or without, and checks all along that nothing is lost or wrongly moved. */
export async function play({ policy: name, waits, steps }: Scenario, hinted: boolean): Promise<Played> {
  const clock = new SimulatedClock();
  const vram = ROOM * PAGES * PAGE_SIZE;
  const gpu = new RadeonSim({ vram, gtt: 4 * COUNT * PAGES * PAGE_SIZE, copyLatencyMs: 1 });
  Object.assign(gpu, { defaultPlacement: () => ({ placement: [{ memoryType: "vram" }] }) });
  const driver: Driver = hardDriver(gpu, clock, [], waits ? { pipelinedEvictions: false } : {});
  const policy: EvictionPolicy = policies[name]();
  const untouchable = new Set<unknown>();
  let [early, isWorking] = [0, false];
  const move = ({ buffer, failure }: MoveEvent) => {
    assert(!untouchable.has(buffer) && buffer.pins === 0, `${buffer} is moved, though it is reserved or pinned`);
    if (failure === null && !isWorking) early++;
  };
  const device = new BoDevice({
    driver,
    managers: { vram: firstFit(), gtt: firstFit() },
    clock,
    policy,
    tracer: { move },
  });
  const placement = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
  const buffers = Array.from({ length: COUNT }, () => device.createBuffer({ bytes: PAGES * PAGE_SIZE }));
  const bufferAt = (index: number) => buffers[index] as BufferObject;
  const written = new Map<BufferObject, number>();
  const ends: string[] = [];

  async function submitOne({ ats, held, workMs }: Step & { readonly do: "submit" }): Promise<void> {
    const pinned = buffers.filter(({ pins }) => pins > 0).length;
    const mayHold = held >= 0 && !ats.includes(held) && ats.length + pinned < ROOM && bufferAt(held).pins === 0;
    const keeper = mayHold ? bufferAt(held) : null;
    if (keeper !== null) {
      await keeper.reserve();
      untouchable.add(keeper);
    }
    const value = ends.length + 1;
    isWorking = true;
    try {
      await device.submit(ats.map((index) => ({ buffer: bufferAt(index), placement })), () => {
        isWorking = false;
        for (const index of ats) written.set(bufferAt(index), value);
        return gpu.submit({
          buffers: ats.map((index) => ({ buffer: bufferAt(index), write: true })),
          durationMs: workMs,
          program: (contents) => contents.forEach((one) => one?.fill(value)),
        });
      });
      ends.push("done");
    } catch (error) {
      if (!(error instanceof TtmError)) throw error;
      ends.push(error.code);
    }
    isWorking = false;
    if (keeper !== null) {
      untouchable.delete(keeper);
      keeper.unlock();
    }
  }

  async function pinOrUnpin(buffer: BufferObject): Promise<void> {
    await buffer.reserve();
    if (buffer.pins > 0) buffer.unpin();
    // One at a time, and in VRAM, so that it does not depend on what was uploaded early.
    else if (device.pinned.length === 0) {
      isWorking = true;
      await buffer.validate(placement);
      isWorking = false;
      buffer.pin();
    }
    buffer.unreserve();
  }

  for (const [now, step] of steps.entries()) {
    if (step.do === "submit") await submitOne(step);
    else if (step.do === "pin") await pinOrUnpin(bufferAt(step.at));
    else if (hinted) {
      const uses = steps.slice(now).flatMap((next) => next.do === "submit" ? next.ats : []);
      device.hint((step.do === "hint" ? step.ats : uses.slice(0, step.count)).map(bufferAt));
    }
    checkInvariants(device);
  }
  isWorking = true;
  for (const buffer of buffers) {
    await buffer.reserve();
    while (buffer.pins > 0) buffer.unpin();
    const value = written.get(buffer);
    if (value === undefined) assertEquals([...new Set(await buffer.read())], [0], `${buffer}`);
    await buffer.wait();
    if (value !== undefined) assertEquals(gpu.contentsOf(buffer)?.firstMismatch(value), -1, `${buffer}`);
    buffer.unreserve();
  }
  for (const buffer of buffers) buffer.unref();
  await device.close();
  return { ends, early };
}
