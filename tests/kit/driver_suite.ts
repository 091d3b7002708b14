import { type BufferObject, checkInvariants, type Driver, type Fence, PAGE_SIZE, TtmError } from "@ttm/core";
import { accessCases } from "./access_cases.ts";
import { contentsCases } from "./contents_cases.ts";
import { copyCases } from "./copy_cases.ts";
import { bytesOf, type DriverBench, type DriverParts, withDriver } from "./driver_bench.ts";
import { checkOptions, optionNames } from "@ttm/core/arguments";
import { firstUseCases } from "./first_use_cases.ts";
import { importedCases } from "./imported_cases.ts";
import { instanceCases } from "./instance_cases.ts";
import { postponedCases } from "./postponed_cases.ts";
import { storedCases } from "./stored_cases.ts";
import { submitCases } from "./submit_cases.ts";
import { checkSuite, must, mustEqual, randomNumbers, register, type SuiteOptions } from "./suite.ts";
import { workCases } from "./work_cases.ts";

/** Capabilities of a driver; each defaults to true. */
export interface DriverSuiteSupport {
  /** Contents are bytes that the CPU can read and write in every memory type. */
  readonly bytes?: boolean;
  /** The CPU can map all device-resident memory. */
  readonly windows?: boolean;
}

/** A driver to test. */
export interface DriverSuiteOptions extends SuiteOptions {
  /** Makes a new driver with managers. Each managed memory type should have 8 to 64 pages. */
  readonly factory: () => DriverParts;
  /** Its capabilities. */
  readonly supports?: DriverSuiteSupport;
}

const WHAT = "register the suite of drivers";
const OPTIONS = optionNames<DriverSuiteOptions>({ test: true, name: true, factory: true, supports: true });
const SUPPORT = optionNames<DriverSuiteSupport>({ bytes: true, windows: true });
const PARTS = optionNames<DriverParts>({ driver: true, managers: true, store: true, clock: true, end: true });

type Case = (bench: DriverBench) => Promise<void>;

/**
 * Registers a case for each clause of the contract of drivers.
 *
 * @example The whole test file of a driver
 * ```ts
 * import { firstFit } from "@ttm/first-fit";
 * import { RadeonSim } from "@ttm/radeon-sim";
 * import { testDriver } from "@ttm/testing";
 *
 * const cases: string[] = [];
 * testDriver({
 *   // With a runner: Deno.test
 *   test: (name) => cases.push(name),
 *   factory: () => ({
 *     driver: new RadeonSim({ vram: 65536, gtt: 65536 }),
 *     managers: { vram: firstFit(), gtt: firstFit() },
 *   }),
 * });
 * ```
 */
export function testDriver(options: DriverSuiteOptions): void {
  checkSuite("drivers", options, OPTIONS);
  const { factory, supports = {} } = options;
  checkOptions(WHAT, supports, SUPPORT, "supports");
  const parts = factory();
  checkOptions(WHAT, parts, PARTS, "what factory() returns");
  const { driver, managers } = parts;
  const types = ["system", ...Object.keys(managers)];
  const fixed = driver.memoryTypes.filter(({ name, fixed }) => fixed && types.includes(name));
  const seen = supports.windows === false ? [] : fixed.map(({ name }) => name);
  const cases: Record<string, Case> = {
    ...placeCases(types),
    ...moveCases,
    ...copyCases(supports.bytes !== false),
    ...(driver.supports?.moves === "ordered" && workCases(types, supports.bytes !== false)),
    ...submitCases(types),
    ...instanceCases(factory, supports.bytes !== false),
    ...(supports.bytes === false ? { "without bytes the CPU is told so": tellsOfNoBytes } : {
      ...byteCases(types),
      ...contentsCases(types),
      ...firstUseCases(types, supports.windows !== false),
      ...postponedCases(types),
      ...accessCases(types, seen),
      ...importedCases(types),
      ...storedCases(fixed),
      ...addressCases(managers),
      ...mapCases(types, supports.windows === false ? driver.memoryTypes.filter(({ fixed }) => fixed) : []),
    }),
  };
  const bound = Object.entries(cases).map(([clause, run]) => [clause, () => withDriver(factory, run)] as const);
  register(options, driver.name, Object.fromEntries(bound));
}

/** Half the pages of a memory type, or 4 for SYSTEM. */
function halfOf({ device }: DriverBench, memoryType: string): number {
  return Math.max(1, Math.floor(device.usage(memoryType).pages / 2)) || 4;
}

const pagesFor = (bench: DriverBench, memoryType: string) => memoryType === "system" ? 4 : halfOf(bench, memoryType);

function placeCases(types: readonly string[]): Record<string, Case> {
  const cases: Record<string, Case> = {
    // deno-lint-ignore require-await -- as the others
    async "its memory types have names, SYSTEM first, and their managers have all of their pages"({ device, driver }) {
      mustEqual(device.memoryTypes, driver.memoryTypes.map(({ name }) => name), "the memory types");
      must(driver.name.length > 0, () => "the driver has no name");
    },
    async "a host table has the buffer's size, and is its own"({ driver, make }) {
      if (driver.createTranslationTable === undefined) return;
      const [first, second] = [await make("system", 3, 0), await make("system", 1, 0)];
      mustEqual([first.tt?.pages, second.tt?.pages], [3, 1], "the sizes of the tables");
      must(first.tt !== second.tt, () => "two buffers have one table");
      must(first.tt?.populated === false, () => "a new table has pages already");
      for (const buffer of [first, second]) await populate(buffer);
      const pages = [first.tt?.contents, second.tt?.contents];
      must(pages[0] !== null && pages[0] !== pages[1], () => "two tables have the same pages, or none");
    },
  };
  for (const type of types.slice(1)) {
    cases[`everything can be evicted from ${type}, also when it is full`] = async (bench) => {
      for (let made = 0; made < 3; made++) await bench.make(type, halfOf(bench, type), 0);
      await bench.device.evictAll(type);
      mustEqual(bench.device.usage(type).residents, 0, `what is left in ${type}`);
    };
    cases[`a buffer may be purged in ${type}`] = async ({ device, settle, make }) => {
      const buffer = await make(type, 2, 0);
      await buffer.reserve();
      await buffer.validate({ placement: [] });
      buffer.unreserve();
      await settle();
      mustEqual([buffer.memoryType, device.usage(type).residents], [null, 0], "the buffer after its purge");
    };
  }
  return cases;
}

const moveCases: Readonly<Record<string, Case>> = {
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

async function populate(buffer: BufferObject): Promise<void> {
  await buffer.reserve();
  await buffer.populate();
  buffer.unreserve();
}

/** Validates a buffer to every memory type, and back. */
async function tour({ types, make, bring }: DriverBench, seed = 0): Promise<BufferObject> {
  const buffer = await make("system", 2, seed);
  for (const type of [...types.slice(1), ...types.toReversed()]) await bring(buffer, type);
  return buffer;
}

async function tellsOfNoBytes({ types, make }: DriverBench): Promise<void> {
  for (const type of types) {
    const buffer = await make(type, 1, 0);
    if (buffer.tt !== null) await populate(buffer);
    await buffer.reserve();
    const error = await buffer.read().then(() => null, (error) => error);
    buffer.unreserve();
    const isToldSo = error instanceof TtmError && (error.code === "ENODEV" || error.code === "EINVAL");
    must(isToldSo, () => `reading ${buffer} in ${type} gave ${error}, and the driver keeps no bytes`);
  }
}

function byteCases(types: readonly string[]): Record<string, Case> {
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

function addressCases(managers: DriverParts["managers"]): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const [type, { addresses }] of Object.entries(managers)) {
    if (addresses === false) {
      cases[`a place with a range in ${type}, which has no addresses, has no room`] = async ({ make }) => {
        const buffer = await make("system", 1, 0);
        await buffer.reserve();
        const placement = { placement: [{ memoryType: type, fpfn: 1 }] };
        const error = await buffer.validate(placement).then(() => null, (error) => error);
        buffer.unreserve();
        must(error instanceof TtmError && error.code === "ENOMEM", () => `validate gave ${error}`);
      };
      continue;
    }
    cases[`a buffer moved within ${type} keeps its bytes`] = async (bench) => {
      const { device, make, mustHold } = bench;
      const pages = device.usage(type).pages;
      const buffer = await make(type, 2, 3);
      for (const [fpfn, lpfn] of [[pages - 2, pages], [0, 2], [2, pages]] as const) {
        await buffer.reserve();
        await buffer.validate({ placement: [{ memoryType: type, fpfn, lpfn }] });
        buffer.unreserve();
        await mustHold(buffer, 3);
      }
    };
  }
  return cases;
}

function mapCases(types: readonly string[], unseen: Driver["memoryTypes"]): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const from of types) {
    if (unseen.some(({ name }) => name === from)) {
      cases[`a map of a buffer in ${from}, which the CPU cannot see, is EINVAL`] = async ({ make }) => {
        const buffer = await make(from, 1, 0);
        await buffer.reserve();
        const error = await buffer.map().then(() => null, (error) => error);
        buffer.unreserve();
        must(error instanceof TtmError && error.code === "EINVAL", () => `the map gave ${error}`);
      };
      continue;
    }
    cases[`a map of a buffer in ${from} is the buffer's memory`] = async ({ device, make, mustHold, settle }) => {
      const buffer = await make(from, 2, 5);
      await buffer.reserve();
      const map = await buffer.map({ firstPage: 1, pages: 1 });
      const expected = bytesOf(2 * PAGE_SIZE, 5).subarray(PAGE_SIZE);
      must(map.bytes.every((byte, at) => byte === expected[at]), () => "the map shows other bytes");
      map.bytes.set(bytesOf(2 * PAGE_SIZE, 6).subarray(PAGE_SIZE));
      checkInvariants(device);
      map[Symbol.dispose]();
      await buffer.write(bytesOf(2 * PAGE_SIZE, 6).subarray(0, PAGE_SIZE));
      buffer.unreserve();
      await settle();
      await mustHold(buffer, 6);
    };
  }
  return cases;
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
