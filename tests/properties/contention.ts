import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Fence,
  FenceContext,
  Global,
  PAGE_SIZE,
  type Placement,
  type ReservedList,
  reserveList,
  SimulatedClock,
  TtmError,
  type UserMap,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { only, TestDriver } from "../../core/testing_devices.ts";
import { flakyStore, type Flaws } from "./flaky_store.ts";

const VRAM = 6;
const GTT = 6;
const PAGE_LIMIT = 14;
const DEVICES = 2;
const OWN_PAGES = 2;

type Where = "vram" | "gtt" | "system" | "wish" | "nowhere";

const placements: Readonly<Record<Where, Placement>> = {
  vram: only("vram"),
  gtt: only("gtt"),
  system: only("system"),
  wish: { placement: [{ memoryType: "vram" }], busyPlacement: [{ memoryType: "gtt" }, { memoryType: "system" }] },
  nowhere: { placement: [] },
};

/** One use of a buffer in a submission. */
interface Pick {
  readonly at: number;
  readonly to: Where;
  readonly act: "write" | "read" | "leave";
}

interface Submission {
  readonly do: "submit";
  readonly picks: readonly Pick[];
  readonly byte: number;
  /** How long the work takes; -1 for ever. */
  readonly workMs: number;
  /** When the party loses patience, -1 for never. */
  readonly patienceMs: number;
  readonly noWait: boolean;
  readonly evictSiblings: boolean;
}

/** What one of the parties does next. */
type Step =
  | Submission
  /** Of one device, or with -1 of the one whose turn it is. */
  | { readonly do: "swap"; readonly device: number }
  /** A page of the party's own buffer through a map, after bringing the buffer somewhere. */
  | { readonly do: "touch"; readonly page: number; readonly to: Where; readonly byte: number }
  | { readonly do: "break"; readonly moves: number }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "signal" };

/** A buffer: on which device, how many pages, and whether it shares its reservation with the one before. */
const buffer = fc.record({
  device: fc.nat(DEVICES - 1),
  pages: fc.integer({ min: 1, max: 3 }),
  shares: fc.boolean(),
});

const pick: fc.Arbitrary<Pick> = fc.record({
  at: fc.nat(),
  to: fc.constantFrom(...Object.keys(placements) as Where[]),
  act: fc.constantFrom<Pick["act"]>("write", "read", "leave"),
});

const step: fc.Arbitrary<Step> = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 4 }),
      byte: fc.nat(255),
      workMs: fc.integer({ min: -1, max: 4 }),
      patienceMs: fc.integer({ min: -1, max: 3 }),
      noWait: fc.boolean(),
      evictSiblings: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("swap" as const), device: fc.integer({ min: -1, max: DEVICES - 1 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("touch" as const),
      page: fc.nat(OWN_PAGES - 1),
      to: fc.constantFrom<Where>("vram", "gtt", "system", "wish"),
      byte: fc.nat(255),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("break" as const), moves: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("sleep" as const), ms: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("signal" as const) }) },
);

/** A run: the buffers, the parties that use them at the same time, and the store. */
export interface Scenario {
  readonly buffers: readonly { readonly device: number; readonly pages: number; readonly shares: boolean }[];
  readonly parties: readonly (readonly Step[])[];
  readonly store: Flaws;
}

/** Makes scenarios. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
  buffers: fc.array(buffer, { minLength: 2, maxLength: 10 }),
  parties: fc.array(fc.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
  store: fc.record({ failEvery: fc.constantFrom(0, 2, 5), slow: fc.boolean() }),
});

/** Codes that a call may end with here, whatever the parties do. */
const EXPECTED = ["EBUSY", "ENOMEM", "ENOSPC", "EIO"];

/** Devices that share memory, with the bytes that should be in their buffers. */
class World {
  readonly #clock = new SimulatedClock();
  readonly #global = new Global({ limits: { pages: PAGE_LIMIT } });
  readonly #store;
  readonly #devices: readonly BoDevice[];
  readonly #buffers: readonly BufferObject[];
  readonly #bytes = new Map<BufferObject, Uint8Array>();
  readonly #forever: Fence[] = [];
  /** How many buffers the second driver has been told of, by memory type. */
  readonly #told = new Map<string, number>();
  #toBreak = 0;
  /** Calls of the core that do something. */
  operations = 0;

  constructor({ buffers, store }: Scenario) {
    this.#store = flakyStore(store);
    const gpu = { vram: VRAM * PAGE_SIZE, gtt: GTT * PAGE_SIZE, copyLatencyMs: 0.25, copyBytesPerMs: 8 * PAGE_SIZE };
    const fallible = new TestDriver({ vram: VRAM, gtt: GTT });
    fallible.moveNotify = (_buffer, from, to) => {
      if (from !== null) this.#told.set(from, this.#residents(from) - 1);
      if (to !== null) this.#told.set(to, this.#residents(to) + 1);
    };
    fallible.beforeMove = () => {
      if (this.#toBreak > 0 && this.#toBreak-- > 0) throw new Error("broken");
    };
    this.#devices = [new RadeonSim(gpu), fallible].map((driver) => {
      const managers = { vram: firstFit(), gtt: firstFit() };
      return new BoDevice({ driver, managers, clock: this.#clock, global: this.#global, store: this.#store });
    });
    this.#buffers = buffers.map((options) => this.#create(options));
  }

  #create({ device, pages, shares }: Scenario["buffers"][number]): BufferObject {
    const before = [...this.#bytes.keys()].at(-1);
    const reservation = shares && before !== undefined ? { reservation: before.reservation } : {};
    const buffer = (this.#devices[device] as BoDevice).createBuffer({ bytes: pages * PAGE_SIZE, ...reservation });
    this.#bytes.set(buffer, new Uint8Array(buffer.bytes));
    return buffer;
  }

  async party(steps: readonly Step[], device: number): Promise<void> {
    const own = new MappedBuffer(this.#devices[device % DEVICES] as BoDevice);
    for (const step of steps) {
      this.operations++;
      if (step.do === "submit") await this.#submit(step);
      else if (step.do === "touch") await allows(() => own.touch(step.page, placements[step.to], step.byte));
      else if (step.do === "swap") await allows(() => (this.#devices[step.device] ?? this.#global).swapOut());
      else if (step.do === "break") this.#toBreak = step.moves;
      else if (step.do === "sleep") await this.#sleep(step.ms);
      else for (const fence of this.#forever.splice(0)) fence.signal();
      this.check();
    }
    own.close();
  }

  async #submit(submission: Submission): Promise<void> {
    const patience = new AbortController();
    const timer = submission.patienceMs < 0
      ? null
      : this.#clock.schedule(this.#clock.now() + submission.patienceMs, () => patience.abort("enough"));
    await allows(() => this.#reserveAndUse(submission, patience.signal), "enough");
    if (timer !== null) this.#clock.cancel(timer);
  }

  async #reserveAndUse(submission: Submission, signal: AbortSignal): Promise<void> {
    const picks = submission.picks.map(({ at, ...rest }) => ({
      buffer: this.#buffers[at % this.#buffers.length] as BufferObject,
      ...rest,
    }));
    // One buffer of each reservation.
    const distinct = [...new Map(picks.map((pick) => [pick.buffer.reservation, pick])).values()];
    const list = await reserveList(distinct.map(({ buffer }) => ({ buffer })), { signal });
    try {
      for (const { buffer, to, act } of distinct) {
        await allows(() => this.#use(buffer, to, act, submission, signal), "enough");
        this.check();
      }
      this.#announce(list, submission.workMs);
    } finally {
      list[Symbol.dispose]();
    }
  }

  async #use(
    buffer: BufferObject,
    to: Where,
    act: "write" | "read" | "leave",
    { byte, noWait, evictSiblings }: Submission,
    signal: AbortSignal,
  ): Promise<void> {
    const options = { signal, noWait };
    this.operations += act === "leave" ? 1 : 2;
    await buffer.validate(placements[to], { ...options, evictSiblings });
    if (to === "nowhere") this.#bytes.get(buffer)?.fill(0);
    const bytes = this.#bytes.get(buffer) as Uint8Array;
    if (act === "read") assertEquals(await buffer.read(options), bytes);
    if (act !== "write" || to === "nowhere") return;
    await buffer.write(bytes.slice().fill(byte), options);
    bytes.fill(byte);
  }

  #announce(list: ReservedList, workMs: number): void {
    const work = new FenceContext("work").next();
    if (workMs < 0) this.#forever.push(work);
    else this.#clock.schedule(this.#clock.now() + workMs, () => work.signal());
    list.fence(work);
  }

  #sleep(ms: number): Promise<void> {
    const resume = this.#clock.taskBlocked();
    return new Promise((resolve) => {
      this.#clock.schedule(this.#clock.now() + ms, () => {
        resume();
        resolve();
      });
    });
  }

  check(): void {
    for (const device of this.#devices) checkInvariants(device);
    const device = this.#devices[1] as BoDevice;
    for (const type of device.memoryTypes) {
      const ghosts = device.dying.filter(({ isGhost, memoryType }) => isGhost && memoryType === type).length;
      assertEquals(this.#residents(type), device.usage(type).residents - ghosts, `residents of ${type}`);
    }
  }

  #residents(memoryType: string): number {
    return this.#told.get(memoryType) ?? 0;
  }

  /** Reads everything once more, and takes the devices apart. */
  async end(): Promise<void> {
    for (const fence of this.#forever.splice(0)) fence.signal();
    this.#toBreak = 0;
    for (const buffer of this.#buffers) {
      assertEquals([buffer.reserved, buffer.reservation.waiting], [false, 0]);
      await buffer.reserve();
      this.operations++;
      assertEquals(await readAtLast(buffer), this.#bytes.get(buffer));
      buffer.unreserve();
      this.check();
    }
    for (const buffer of this.#buffers) buffer.unref();
    for (const device of this.#devices) await device.close();
    this.#global.close();
    assertEquals([this.#global.usedPages, this.#global.bufferCount, this.#store.kept], [0, 0, 0]);
  }
}

/** A buffer that one party alone uses, through a map, while others push it around. */
class MappedBuffer {
  readonly #buffer: BufferObject;
  readonly #map: UserMap;
  readonly #bytes = new Uint8Array(OWN_PAGES * PAGE_SIZE);

  constructor(device: BoDevice) {
    this.#buffer = device.createBuffer({ bytes: OWN_PAGES * PAGE_SIZE });
    this.#map = this.#buffer.mmap();
  }

  async touch(page: number, to: Placement, byte: number): Promise<void> {
    const start = page * PAGE_SIZE;
    const bytes = this.#bytes.subarray(start, start + PAGE_SIZE);
    await this.#map.write(start, bytes.slice().fill(byte));
    bytes.fill(byte);
    {
      using _reservation = await this.#buffer.reserve();
      await allows(() => this.#buffer.validate(to));
    }
    assertEquals(await this.#map.read(0, this.#bytes.length), this.#bytes);
  }

  close(): void {
    this.#map[Symbol.dispose]();
    this.#buffer.unref();
  }
}

/** The flaky store gives everything back in the end. */
async function readAtLast(buffer: BufferObject): Promise<Uint8Array> {
  for (let attempt = 0; attempt < 4; attempt++) {
    try {
      return await buffer.read();
    } catch (error) {
      if (!(error instanceof TtmError && ["EIO", "ENOSPC"].includes(error.code))) throw error;
    }
  }
  return await buffer.read();
}

async function allows(act: () => Promise<unknown>, reason?: string): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error === reason && reason !== undefined) return;
    if (!(error instanceof TtmError && EXPECTED.includes(error.code))) throw error;
  }
}

/**
 * Lets the parties of a scenario go at the same time, and checks everything after each step, and in the end.
 *
 * @returns How many calls of the core it took.
 */
export async function play(scenario: Scenario): Promise<number> {
  const world = new World(scenario);
  await Promise.all(scenario.parties.map((steps, at) => world.party(steps, at)));
  await world.end();
  return world.operations;
}
