import {
  BoDevice,
  type BufferObject,
  type Driver,
  type EvictionPolicy,
  PAGE_SIZE,
  type RemovalReason,
  SimulatedClock,
} from "@ttm/core";
import { Bench, rest } from "./policy_bench.ts";
import { counted } from "./counted.ts";
import { must, mustEqual, randomNumbers } from "./suite.ts";

/** Cases for policies that are told of expected uses. */
export function hintCases(factory: () => EvictionPolicy): Record<string, () => void | Promise<void>> {
  return {
    ...Object.fromEntries(Object.entries(cases).map(([clause, run]) => [clause, () => run(new Bench(factory()))])),
    "who ignores hints meets the order of a policy that was told of none": () => ignoresHints(factory),
    "on a device who is expected is evicted last, and the one needed last goes first": () => onDevice(factory()),
  };
}

function filled(bench: Bench, count: number): void {
  for (let entry = 0; entry < count; entry++) {
    if (!bench.entries.has(entry)) bench.insert(entry, entry % 3, entry % 5 === 4 ? "gtt" : "vram");
  }
}

const cases: Readonly<Record<string, (bench: Bench) => void>> = {
  "who is expected comes after who is not, the one with the last turn first"(bench) {
    filled(bench, 20);
    for (const [entry, turn] of [[3, 7], [0, 9], [6, 8], [9, 0], [12, 30], [4, 2], [19, 1], [1, 5]] as const) {
      bench.hint(entry, turn);
      bench.check();
    }
  },
  "a hint holds until the next one for the entry, used or not"(bench) {
    filled(bench, 12);
    for (const [entry, turn] of [[0, 3], [3, 5], [6, 4], [9, 9], [0, 6], [9, 1], [3, 5], [0, Infinity]] as const) {
      bench.hint(entry, turn);
      bench.policy.touch(entry);
      bench.policy.touch(6);
      bench.check();
    }
  },
  "whose hint is withdrawn is like any other, and stays a candidate"(bench) {
    filled(bench, 12);
    for (let entry = 0; entry < 12; entry++) bench.hint(entry, 12 - entry);
    for (const entry of [5, 0, 11, 3, 5]) {
      bench.hint(entry, Infinity);
      bench.check();
    }
  },
  "with its entry a hint is gone, whatever the reason"(bench) {
    for (const why of ["evicted", "moved", "freed", "pinned"] satisfies RemovalReason[]) {
      filled(bench, 12);
      for (let entry = 0; entry < 12; entry++) bench.hint(entry, 20 + entry);
      for (const entry of [0, 3, 4, 9]) bench.remove(entry, why);
      bench.check();
      filled(bench, 12);
      bench.check();
    }
  },
  "two entries may be expected at the same turn"(bench) {
    filled(bench, 12);
    for (const entry of [0, 3, 6]) bench.hint(entry, 4);
    bench.check();
    bench.remove(3);
    bench.check();
    bench.hint(0, 5);
    bench.check();
  },
  "who is hinted during a walk keeps nobody from being met, and the walk ends"(bench) {
    for (let entry = 0; entry < 9; entry++) bench.insert(entry, entry % 2);
    for (const entry of [2, 4, 5]) bench.hint(entry, entry);
    const walk = bench.policy.candidates("vram");
    const met = [walk.next(), walk.next()];
    bench.hint(met[0] as number, 3);
    bench.hint(2, Infinity);
    bench.hint(5, 1);
    bench.remove(4);
    const later = rest(walk, 40);
    walk.close();
    must(later.length < 40, () => `the walk goes on and on: ${later}`);
    must(!later.includes(4), () => `entry 4 has gone and is met after ${met}`);
    const all = new Set([...met, ...later]);
    for (const entry of [0, 1, 3, 6, 7, 8]) must(all.has(entry), () => `entry ${entry} is not met: ${[...all]}`);
    bench.check();
  },
};

/** Uses two policies alike, of which only one is told of hints. */
function ignoresHints(factory: () => EvictionPolicy): void {
  const [told, plain] = [new Bench(factory()), new Bench(factory())];
  const random = randomNumbers(3);
  const same = (what: string, [ours, theirs]: readonly [number[], number[]]) =>
    mustEqual(ours, theirs, `the entries that ${what} meets without regard to hints`);
  for (let turn = 0; turn < 200; turn++) {
    const entry = random(24);
    const isThere = told.entries.has(entry);
    for (const bench of [told, plain]) {
      if (!isThere) bench.insert(entry, entry % 3);
      else if (turn % 9 === 0) bench.remove(entry, "evicted");
      else bench.policy.touch(entry);
    }
    told.hint(random(24), random(4) > 0 ? random(100) : Infinity);
    if (turn % 3 > 0) continue;
    same("inspection", [told.look("vram", true), plain.look()]);
    same("a walk", [told.walk("vram", true), plain.walk()]);
  }
}

async function onDevice(policy: EvictionPolicy): Promise<void> {
  const driver: Driver = {
    name: "window",
    memoryTypes: [{ name: "system" }, { name: "gtt", pages: 4 }],
    evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
  };
  const device = new BoDevice({ driver, managers: { gtt: counted() }, policy, clock: new SimulatedClock() });
  const placement = device.preparePlacement({ placement: [{ memoryType: "gtt" }] });
  const create = () => device.createBuffer({ bytes: PAGE_SIZE });
  const [a, b, c, d] = [create(), create(), create(), create()];
  const others: BufferObject[] = [];
  const evictedBy = async () => {
    const other = create();
    others.push(other);
    const before = [a, b, c, d].filter(({ memoryType }) => memoryType === "gtt");
    await other.reserve();
    await other.validate(placement);
    other.pin();
    other.unreserve();
    return before.filter(({ memoryType }) => memoryType !== "gtt").map(({ id }) => id);
  };
  for (const buffer of [a, b, c, d]) await device.submit([{ buffer, placement }], () => {});
  device.hint([b, d, a]);
  const evicted = [await evictedBy(), await evictedBy(), await evictedBy(), await evictedBy()];
  mustEqual(evicted, [[c.id], [a.id], [d.id], [b.id]], "who is evicted, with hints for b, d and a of a to d");
  for (const buffer of [a, b, c, d, ...others]) buffer.unref();
  await device.close();
}
