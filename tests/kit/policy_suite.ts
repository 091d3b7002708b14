import type { EvictionPolicy } from "@ttm/core";
import { optionNames } from "@ttm/core/arguments";
import { hintCases } from "./hint_cases.ts";
import { Bench, usedAtRandom } from "./policy_bench.ts";
import { onDevice } from "./policy_device.ts";
import { orderCases } from "./policy_order_cases.ts";
import { randomCases } from "./policy_random_cases.ts";
import { walkCases } from "./policy_walk_cases.ts";
import { checkSuite, must, mustEqual, register, type SuiteOptions, synchronous } from "./suite.ts";

/** An eviction policy to test. */
export interface PolicySuiteOptions extends SuiteOptions {
  /** Makes a new policy. */
  readonly factory: () => EvictionPolicy;
}

const OPTIONS = optionNames<PolicySuiteOptions>({ test: true, name: true, factory: true });

/**
 * Registers a case for each clause of the contract of eviction policies.
 *
 * @example The whole test file of a policy
 * ```ts
 * import { mru } from "@ttm/core";
 * import { testPolicy } from "@ttm/testing";
 *
 * const cases: string[] = [];
 * // With a runner: test: Deno.test
 * testPolicy({ test: (name) => cases.push(name), factory: () => mru() });
 * ```
 */
export function testPolicy(options: PolicySuiteOptions): void {
  checkSuite("policies", options, OPTIONS);
  const factory = () => synchronous(options.factory(), "policy");
  const cases = Object.entries({ ...orderCases, ...walkCases, ...randomCases }).map((
    [clause, run],
  ) => [clause, () => run(new Bench(factory()))]);
  register(options, factory().name, {
    ...Object.fromEntries(cases),
    ...(factory().hint === undefined ? {} : hintCases(factory)),
    "its name is text": () => must(typeof factory().name === "string" && factory().name !== "", () => "it has no name"),
    "the same calls give the same order": () => mustEqual(randomWalk(factory), randomWalk(factory), "a second order"),
    "inspection returns the entries of a walk": () => looksAhead(factory),
    "inspection changes nothing": () => looksAreFree(factory),
    "on a device evictions keep every invariant": async () => void await onDevice(factory(), "check"),
    "on a device inspection does not change the victims": () => looksAreFreeOnDevice(factory),
  });
}

function randomWalk(factory: () => EvictionPolicy): number[] {
  const bench = usedAtRandom(factory, 300, (bench) => bench.check());
  return bench.walk();
}

const LOOKS = [0, 1, 5, 20, 80, 300];

function looksAhead(factory: () => EvictionPolicy): void {
  for (const turns of LOOKS) {
    const [seen, met] = [usedAtRandom(factory, turns).look(), usedAtRandom(factory, turns).walk()];
    mustEqual(seen, met, `the entries on inspection after ${turns} calls`);
  }
}

function whoWasLookedAt(policy: EvictionPolicy): string {
  return policy.order === undefined
    ? "after a walk for inspection; a policy whose walks change its order needs order(memoryType)"
    : "after order(memoryType) was called";
}

function looksAreFree(factory: () => EvictionPolicy): void {
  const look = (bench: Bench) => {
    bench.look();
    // Inspection may stop early, and may run during a walk.
    const walk = bench.policy.candidates("gtt");
    for (const _ of bench.policy.order?.("vram") ?? []) break;
    walk.close();
  };
  for (const turns of LOOKS) {
    const [looked, other] = [usedAtRandom(factory, turns, look), usedAtRandom(factory, turns)];
    mustEqual(looked.walk(), other.walk(), `what a walk meets ${whoWasLookedAt(looked.policy)}`);
  }
}

async function looksAreFreeOnDevice(factory: () => EvictionPolicy): Promise<void> {
  const policy = factory();
  const [looked, other] = [await onDevice(policy, "look"), await onDevice(factory(), "pass")];
  mustEqual(looked, other, `who is evicted from a device ${whoWasLookedAt(policy)}`);
}
