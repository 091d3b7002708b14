import { TtmError } from "@ttm/core";
import { checkOptions, optionNames } from "@ttm/core/arguments";
import { accessCases } from "./access_cases.ts";
import { byteCases } from "./byte_cases.ts";
import { contentsCases } from "./contents_cases.ts";
import { copyCases } from "./copy_cases.ts";
import { type DriverBench, type DriverParts, withDriver } from "./driver_bench.ts";
import { populate } from "./driver_steps.ts";
import { firstUseCases } from "./first_use_cases.ts";
import { importedCases } from "./imported_cases.ts";
import { instanceCases } from "./instance_cases.ts";
import { addressCases, mapCases } from "./map_cases.ts";
import { moveCases } from "./move_cases.ts";
import { placeCases } from "./place_cases.ts";
import { postponedCases } from "./postponed_cases.ts";
import { storedCases } from "./stored_cases.ts";
import { submitCases } from "./submit_cases.ts";
import { checkSuite, must, register, type SuiteOptions } from "./suite.ts";
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
