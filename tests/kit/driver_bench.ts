import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Clock,
  type Driver,
  type Fence,
  FenceContext,
  type MemTypeManager,
  PAGE_SIZE,
  SimulatedClock,
  type SwapStore,
  WAIT_BUDGET_MS,
} from "@ttm/core";
import { DriverWatch } from "./driver_watch.ts";
import { likelyCause } from "./likely_cause.ts";
import { must, mustEqual, randomNumbers } from "./suite.ts";

/** A driver and the managers of its memory types, not yet part of a device. */
export interface DriverParts {
  /** The driver to test. */
  readonly driver: Driver;
  /** By memory type. Types without one are not tested. */
  readonly managers: Readonly<Record<string, MemTypeManager>>;
  /** Where pages are swapped to. On a simulated clock it must answer without taking real time. @default {a memory store} */
  readonly store?: SwapStore;
  /** For what takes real time: a `SystemClock`. @default {a simulated clock} */
  readonly clock?: Clock;
  /** Called when a case is over and its device closed, whatever came of it. */
  readonly end?: () => void | Promise<void>;
}

/** A driver in a device, watched. */
export interface DriverBench {
  readonly device: BoDevice;
  readonly driver: Driver;
  /** Waits until the moves so far are over. */
  settle(): Promise<void>;
  /** Lets happen what needs nothing more: until nothing is left, or in real time for 50 ms. */
  elapse(): Promise<void>;
  /** Lets the next thing happen, or a millisecond of real time go by; false if nothing is left. */
  step(): Promise<boolean>;
  /** Whether nothing happens but by {@linkcode step} and waiting. */
  readonly isSimulated: boolean;
  /** Memory types in which something can be placed. */
  readonly types: readonly string[];
  /** What the driver was asked to move, and the fences that it returned. */
  readonly moves: DriverWatch["moves"];
  /** Those of the fences that have signalled, in that order. */
  readonly ended: readonly Fence[];
  /** Makes a fence of its own timeline, for work of the case's own. */
  work(): Fence;
  /** Makes a buffer, brings it to a memory type and fills it by its seed. */
  make(memoryType: string, pages: number, seed: number): Promise<BufferObject>;
  /** Has a buffer released when the case is over. */
  keep(buffer: BufferObject): BufferObject;
  /** Brings a buffer to a memory type. */
  bring(buffer: BufferObject, memoryType: string): Promise<void>;
  /** Fails unless a buffer holds what {@linkcode DriverBench.make} wrote by this seed; 0 is for zeros. */
  mustHold(buffer: BufferObject, seed: number): Promise<void>;
}

/** Bytes that follow from a seed; zeros for 0. */
export function bytesOf(length: number, seed: number): Uint8Array {
  const random = randomNumbers(seed);
  return seed === 0 ? new Uint8Array(length) : Uint8Array.from({ length }, () => 1 + random(255));
}

/** Runs a case on a device, checks everything, and takes the device apart. */
export async function withDriver(
  factory: () => DriverParts,
  run: (bench: DriverBench) => Promise<void>,
): Promise<void> {
  const parts = factory();
  try {
    await onDevice(parts, run);
  } finally {
    await parts.end?.();
  }
}

async function onDevice(parts: DriverParts, run: (bench: DriverBench) => Promise<void>): Promise<void> {
  const { driver, managers } = parts;
  const watch = new DriverWatch(driver.memoryTypes.map(({ name }) => name), Object.keys(managers));
  const clock = watch.watchedClock(parts.clock ?? new SimulatedClock());
  const works: Fence[] = [];
  let failure: unknown;
  try {
    await runOnDevice({ ...parts, clock }, watch, works, run);
  } catch (error) {
    failure = error;
    // What waits for them is not the driver's fault.
    for (const work of works) work.signal();
  }
  const cause = await likelyCause(failure, watch, clock);
  if (cause !== undefined) throw cause;
}

async function runOnDevice(
  { driver, managers, store, clock }: DriverParts & { readonly clock: Clock },
  watch: DriverWatch,
  works: Fence[],
  run: (bench: DriverBench) => Promise<void>,
): Promise<void> {
  const { moves, ended } = watch;
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.schedule(clock.now() + ms, resolve));
  const isSimulated = clock instanceof SimulatedClock;
  const settle = async () => {
    if (clock instanceof SimulatedClock) return clock.runUntilIdle();
    const deadline = clock.now() + WAIT_BUDGET_MS;
    for (const { fence } of moves) {
      while (fence?.signalled === false) {
        must(clock.now() < deadline, () => `${fence} has not signalled within ${WAIT_BUDGET_MS} ms`);
        await sleep(1);
      }
    }
  };
  const watched = watch.watched(driver);
  const device = new BoDevice({ driver: watched, managers, clock, ...(store && { store }) });
  const buffers: BufferObject[] = [];
  const keep = (buffer: BufferObject) => {
    buffers.push(buffer);
    return buffer;
  };
  const bring = async (buffer: BufferObject, memoryType: string) => {
    await buffer.reserve();
    try {
      await buffer.validate({ placement: [{ memoryType }] });
    } finally {
      buffer.unreserve();
    }
    mustEqual(buffer.memoryType, memoryType, `the memory type of ${buffer}`);
  };
  await run({
    device,
    driver: watched,
    settle,
    isSimulated,
    async elapse() {
      if (clock instanceof SimulatedClock) clock.runUntilIdle();
      else await sleep(50);
    },
    async step() {
      if (clock instanceof SimulatedClock) return clock.runNext();
      await sleep(1);
      return true;
    },
    types: ["system", ...Object.keys(managers)],
    moves,
    ended,
    work() {
      const fence = new FenceContext("work").next();
      works.push(fence);
      return fence;
    },
    bring,
    keep,
    async make(memoryType, pages, seed) {
      const buffer = keep(device.createBuffer({ bytes: pages * PAGE_SIZE }));
      await bring(buffer, memoryType);
      if (seed === 0) return buffer;
      await buffer.reserve();
      await buffer.write(bytesOf(buffer.bytes, seed));
      buffer.unreserve();
      return buffer;
    },
    async mustHold(buffer, seed) {
      await buffer.reserve();
      const found = await buffer.read();
      buffer.unreserve();
      const expected = bytesOf(buffer.bytes, seed);
      const at = found.findIndex((byte, index) => byte !== expected[index]);
      must(
        at < 0,
        () => `${buffer} in ${buffer.memoryType} has ${found[at]} at byte ${at}, and should have ${expected[at]}`,
      );
    },
  });
  checkInvariants(device);
  for (const buffer of buffers) if (!buffer.disposed) buffer.unref();
  await settle();
  await device.close();
  mustEqual(device.global.usedPages, 0, "the host pages that are left");
}
