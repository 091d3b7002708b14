/**
 * Suites for authors of drivers, managers, eviction policies and swap stores for `@ttm/core`, and parts that fail on
 * purpose. Each suite registers its cases with the runner that you pass to it: `Deno.test`, `test` of `node:test`,
 * `test` of Vitest.
 *
 * @example The whole test file of a manager
 * ```ts
 * import { buddy } from "@ttm/buddy";
 * import { testManager } from "@ttm/testing";
 *
 * const cases: string[] = [];
 * // With a runner: test: Deno.test
 * testManager({ test: (name) => cases.push(name), factory: () => buddy(), supports: { alignment: "powers of two" } });
 * ```
 *
 * @module
 */
export type { DriverParts } from "./driver_bench.ts";
export { type DriverSuiteOptions, type DriverSuiteSupport, testDriver } from "./driver_suite.ts";
export { alwaysBusy, failingMove, failingStore, type MoveFailure, noSpace, type StoreFailure } from "./faulty_parts.ts";
export { type ManagerSuiteOptions, type ManagerSupport, testManager } from "./manager_suite.ts";
export { type PolicySuiteOptions, testPolicy } from "./policy_suite.ts";
export { type ReadOnlyParts, type ReadOnlyStoreSuiteOptions, testReadOnlyStore } from "./read_only_store_suite.ts";
export { type StoreSuiteOptions, testStore } from "./store_suite.ts";
export type { SuiteOptions, TestFunction } from "./suite.ts";
