import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Driver,
  type EvictionPolicy,
  PAGE_SIZE,
  type Tracer,
} from "@ttm/core";
import { optionNames } from "@ttm/core/arguments";
import { counted } from "./counted.ts";
import { Bench, rest, sorted, usedAtRandom } from "./policy_bench.ts";
import { hintCases } from "./hint_cases.ts";
import { checkSuite, must, mustEqual, randomNumbers, register, type SuiteOptions, synchronous } from "./suite.ts";

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
  const cases = Object.entries(orderCases).map(([clause, run]) => [clause, () => run(new Bench(factory()))]);
  register(options, factory().name, {
    ...Object.fromEntries(cases),
    ...(factory().hint === undefined ? {} : hintCases(factory)),
    "its name is text": () => must(typeof factory().name === "string" && factory().name !== "", () => "it has no name"),
    "the same calls give the same order": () => mustEqual(randomWalk(factory), randomWalk(factory), "a second order"),
    "who looks sees whom a walk would meet": () => looksAhead(factory),
    "looking changes nothing": () => looksAreFree(factory),
    "on a device it evicts whom it can, and breaks no rule": async () => void await onDevice(factory(), "check"),
    "on a device nobody else is evicted because somebody looks": () => looksAreFreeOnDevice(factory),
  });
}

const orderCases: Readonly<Record<string, (bench: Bench) => void>> = {
  "a new one has no candidates": (bench) => bench.check(),
  "who has come is a candidate, once, in its memory type"(bench) {
    for (const entry of [3, 0, 7, 1]) bench.insert(entry);
    bench.insert(2, 0, "gtt");
    bench.check();
  },
  "who has gone is none any more, and its number may come again, elsewhere"(bench) {
    for (let entry = 0; entry < 6; entry++) bench.insert(entry, entry % 2);
    for (const entry of [0, 5, 3]) bench.remove(entry);
    bench.check();
    bench.insert(3, 2, "gtt");
    bench.insert(0, 3);
    bench.check();
  },
  "who has gone is forgotten, whatever the reason"(bench) {
    for (const why of ["evicted", "moved", "freed", "pinned"] as const) {
      for (let entry = 0; entry < 6; entry++) if (!bench.entries.has(entry)) bench.insert(entry, entry % 2);
      bench.policy.touch(2);
      for (const entry of [2, 5]) bench.remove(entry, why);
      bench.check();
    }
  },
  "those of a lower priority come first, whoever was used"(bench) {
    for (let entry = 0; entry < 12; entry++) bench.insert(entry, (entry * 7) % 4);
    for (const entry of [0, 5, 11, 5]) bench.policy.touch(entry);
    bench.check();
  },
  "being used makes nobody vanish or come twice"(bench) {
    for (let entry = 0; entry < 6; entry++) bench.insert(entry);
    for (const entry of [0, 0, 5, 3, 0, 2]) {
      bench.policy.touch(entry);
      bench.check();
    }
  },
  "thousands of entries are one order"(bench) {
    const random = randomNumbers(5);
    for (let entry = 0; entry < 3000; entry++) bench.insert(entry, random(4));
    bench.check();
  },
  "who goes during a walk is not met any more, and those who stay are"(bench) {
    for (let leaving = 0; leaving < 8; leaving++) {
      for (let entry = 0; entry < 8; entry++) if (!bench.entries.has(entry)) bench.insert(entry, entry % 2);
      const walk = bench.policy.candidates("vram");
      const met = [walk.next(), walk.next()];
      bench.remove(leaving);
      const later = rest(walk, 20);
      walk.close();
      must(!later.includes(leaving), () => `entry ${leaving} has gone and is met after ${met}`);
      const staying = sorted([...bench.entries.keys()]);
      mustEqual(sorted([...met, ...later].filter((entry) => entry !== leaving)), staying, "who is met in all");
    }
  },
  "all may go during a walk"(bench) {
    for (let entry = 0; entry < 5; entry++) bench.insert(entry, entry % 3);
    const walk = bench.policy.candidates("vram");
    for (let entry = walk.next(), count = 0; entry >= 0 && count < 20; entry = walk.next(), count++) {
      bench.remove(entry);
    }
    walk.close();
    mustEqual([...bench.entries.keys()], [], "who is left");
    bench.check();
  },
  "who comes or is used during a walk keeps nobody from being met, and the walk ends"(bench) {
    for (let entry = 0; entry < 6; entry++) bench.insert(entry, entry % 2);
    const walk = bench.policy.candidates("vram");
    const met = [walk.next(), walk.next()];
    bench.policy.touch(met[0] as number);
    bench.insert(6);
    const later = rest(walk, 40);
    walk.close();
    must(later.length < 40, () => `the walk goes on and on: ${later}`);
    const all = new Set([...met, ...later]);
    for (let entry = 0; entry < 6; entry++) {
      must(all.has(entry), () => `entry ${entry} stayed and is not met: ${[...all]}`);
    }
    bench.check();
  },
  "walks and looks may go on side by side, and each meets everybody"(bench) {
    for (let entry = 0; entry < 5; entry++) bench.insert(entry, entry % 2);
    bench.policy.touch(0);
    const outer = bench.policy.candidates("vram");
    const met = [outer.next()];
    const inner = bench.policy.candidates("vram");
    const metInside = [inner.next(), inner.next()];
    bench.check();
    bench.mustBeAll([...met, ...rest(outer, 20)], "what the outer walk meets");
    outer.close();
    bench.mustBeAll([...metInside, ...rest(inner, 20)], "what the inner walk meets");
    inner.close();
    bench.check();
  },
  "at the end of a walk it stays there"(bench) {
    bench.insert(0);
    const walk = bench.policy.candidates("vram");
    mustEqual([walk.next(), walk.next(), walk.next()], [0, -1, -1], "what next() gives");
    walk.close();
    mustEqual(bench.policy.candidates("nowhere").next(), -1, "what a walk over a memory type without entries gives");
  },
};

function randomWalk(factory: () => EvictionPolicy): number[] {
  const bench = usedAtRandom(factory, 300, (bench) => bench.check());
  return bench.walk();
}

const LOOKS = [0, 1, 5, 20, 80, 300];

function looksAhead(factory: () => EvictionPolicy): void {
  for (const turns of LOOKS) {
    const [seen, met] = [usedAtRandom(factory, turns).look(), usedAtRandom(factory, turns).walk()];
    mustEqual(seen, met, `what somebody who looks after ${turns} calls sees`);
  }
}

function whoWasLookedAt(policy: EvictionPolicy): string {
  return policy.order === undefined
    ? "after somebody walked to look; a policy whose walks change its order needs order(memoryType) for that"
    : "after somebody looked by order(memoryType)";
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

/** Uses a policy at random on a device and checks, inspects or does nothing in between; returns the evicted buffers. */
async function onDevice(policy: EvictionPolicy, between: "check" | "look" | "pass"): Promise<number[]> {
  const driver: Driver = {
    name: "window",
    memoryTypes: [{ name: "system" }, { name: "gtt", pages: 16 }],
    evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
  };
  const evicted: number[] = [];
  const tracer: Tracer = { move: ({ buffer, evict }) => evict ? evicted.push(buffer.id) : undefined };
  const device = new BoDevice({ driver, managers: { gtt: counted() }, policy, tracer });
  const random = randomNumbers(7);
  const buffers: BufferObject[] = [];
  for (let turn = 0; turn < 400; turn++) {
    const buffer = buffers[random(12)] ??
      device.createBuffer({ bytes: (1 + random(4)) * PAGE_SIZE, priority: random(4) });
    if (!buffers.includes(buffer)) buffers.push(buffer);
    await buffer.reserve();
    if (buffer.pins > 0) buffer.unpin();
    else if (random(8) > 0) await buffer.validate({ placement: [{ memoryType: "gtt" }] });
    else if (random(2) === 0 && device.pinned.length === 0) buffer.pin();
    buffer.unreserve();
    if (random(10) === 0 && buffer.pins === 0) buffers.splice(buffers.indexOf(buffer), 1)[0]?.unref();
    if (between === "check") checkInvariants(device);
    else if (between === "look") [device.lru("gtt"), device.dump()];
  }
  for (const buffer of buffers) {
    await buffer.reserve();
    while (buffer.pins > 0) buffer.unpin();
    buffer.unreserve();
  }
  await device.evictAll("gtt");
  mustEqual(device.usage("gtt").residents, 0, "what is left after evictAll()");
  for (const buffer of buffers) buffer.unref();
  await device.close();
  return evicted;
}
