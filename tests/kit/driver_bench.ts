import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Clock,
  type Driver,
  type Fence,
  type MemTypeManager,
  type MoveRequest,
  PAGE_SIZE,
  SimulatedClock,
  type SwapStore,
} from "@ttm/core";
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
  /** Memory types in which something can be placed. */
  readonly types: readonly string[];
  /** What the driver was asked to move, and the fences that it returned. */
  readonly moves: { readonly request: MoveRequest; readonly fence: Fence | null }[];
  /** Those of the fences that have signalled, in that order. */
  readonly ended: readonly Fence[];
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
  const { driver, managers, store, clock = new SimulatedClock() } = parts;
  const moves: DriverBench["moves"] = [];
  const ended: Fence[] = [];
  const settle = async () => {
    if (clock instanceof SimulatedClock) clock.runUntilIdle();
    else for (const { fence } of moves) await fence?.settled();
  };
  const device = new BoDevice({ driver: watched(driver, moves, ended), managers, clock, ...(store && { store }) });
  const elapse = async () => {
    if (clock instanceof SimulatedClock) clock.runUntilIdle();
    else await new Promise<void>((resolve) => clock.schedule(clock.now() + 50, resolve));
  };
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
    driver,
    settle,
    elapse,
    types: ["system", ...Object.keys(managers)],
    moves,
    ended,
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

/** A driver that is asked through, with a note of its moves. */
function watched(driver: Driver, moves: DriverBench["moves"], ended: Fence[]): Driver {
  return new Proxy(driver, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "move") return member.bind(target);
      return (request: MoveRequest) => {
        const fence = driver.move?.(request) ?? null;
        moves.push({ request, fence });
        fence?.onSignal(() => ended.push(fence));
        return fence ?? undefined;
      };
    },
  });
}
