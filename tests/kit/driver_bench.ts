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
  /** Managers by memory type. Types without one are not tested. */
  readonly managers: Readonly<Record<string, MemTypeManager>>;
  /** The swap store. On a simulated clock it must take no real time. @default {a memory store} */
  readonly store?: SwapStore;
  /** The device's clock: a `SystemClock` if the driver takes real time. @default {a simulated clock} */
  readonly clock?: Clock;
  /** Called at the end of each case, passed or failed, after its device has been closed. */
  readonly end?: () => void | Promise<void>;
}

/** A device with the driver under test, whose calls are recorded. */
export interface DriverBench {
  readonly device: BoDevice;
  readonly driver: Driver;
  /** Waits until all moves so far have ended. */
  settle(): Promise<void>;
  /** Runs the clock until no event is left, or waits for 50 ms of real time. */
  elapse(): Promise<void>;
  /** Runs the next event of the clock, or waits for 1 ms of real time; false if no event is left. */
  step(): Promise<boolean>;
  /** Whether the clock is simulated, so that it advances only by {@linkcode step} and waiting. */
  readonly isSimulated: boolean;
  /** SYSTEM and the memory types that have managers. */
  readonly types: readonly string[];
  /** The driver's move requests that were not postponed, and the fences of their copies. */
  readonly moves: DriverWatch["moves"];
  /** The fences of moves that have signalled, in the order of signalling. */
  readonly ended: readonly Fence[];
  /** Makes a fence on a timeline of its own, for work of the case. */
  work(): Fence;
  /** Makes a buffer, validates it to a memory type and fills it by its seed. */
  make(memoryType: string, pages: number, seed: number): Promise<BufferObject>;
  /** Releases a buffer at the end of the case. */
  keep(buffer: BufferObject): BufferObject;
  /** Validates a buffer to a memory type. */
  bring(buffer: BufferObject, memoryType: string): Promise<void>;
  /**
   * Fails unless a buffer holds the bytes that {@linkcode DriverBench.make} wrote for this seed; zeros for 0. The message
   * ends with `why`.
   */
  mustHold(buffer: BufferObject, seed: number, why?: string): Promise<void>;
  /** Fails unless a buffer has these bytes. */
  mustHave(buffer: BufferObject, expected: Uint8Array, why?: string): Promise<void>;
}

/** Bytes computed from a seed; zeros for 0. */
export function bytesOf(length: number, seed: number): Uint8Array {
  const random = randomNumbers(seed);
  return seed === 0 ? new Uint8Array(length) : Uint8Array.from({ length }, () => 1 + random(255));
}

/** Runs a case on a device, checks all invariants, and closes the device. */
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
    // Work that waits for these fences is not a fault of the driver.
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
  const mustHave = async (buffer: BufferObject, expected: Uint8Array, why = "") => {
    await buffer.reserve();
    const found = await buffer.read();
    buffer.unreserve();
    const at = found.findIndex((byte, index) => byte !== expected[index]);
    must(
      at < 0,
      () => `${buffer} in ${buffer.memoryType} has ${found[at]} at byte ${at}, and should have ${expected[at]}${why}`,
    );
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
    mustHold: (buffer, seed, why) => mustHave(buffer, bytesOf(buffer.bytes, seed), why),
    mustHave,
  });
  checkInvariants(device);
  for (const buffer of buffers) if (!buffer.disposed) buffer.unref();
  await settle();
  await device.close();
  mustEqual(device.global.usedPages, 0, "the host pages that are left");
}
