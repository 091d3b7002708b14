import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Driver,
  type Fence,
  FenceContext,
  type MoveEvent,
  PAGE_SIZE,
  type Placement,
  reserveList,
  SimulatedClock,
  type SubmitEntry,
  TtmError,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { only, TestDriver } from "../../core/testing_devices.ts";
import { type Flaw, hardDriver } from "./hard_driver.ts";

const VRAM = 8;
const GTT = 16;

type Where = "vram" | "gtt" | "either";

const placements: Readonly<Record<Where, Placement>> = {
  vram: only("vram"),
  gtt: only("gtt"),
  either: { placement: [{ memoryType: "vram" }, { memoryType: "gtt" }] },
};

interface Pick {
  readonly at: number;
  readonly usage: "read" | "write";
  readonly to: Where;
}

interface Submit {
  readonly do: "submit";
  readonly picks: readonly Pick[];
  readonly workMs: number;
  readonly ends: "fence" | "nothing" | "throw" | "promise";
  /** When it is aborted, -1 for never. */
  readonly patienceMs: number;
  readonly noWait: boolean;
}

/** What a party does next, for so long. */
type Step =
  | Submit
  | { readonly do: "grab" | "hold" | "pin"; readonly at: number; readonly ms: number }
  | { readonly do: "list"; readonly ats: readonly number[]; readonly ms: number };

const pick: fc.Arbitrary<Pick> = fc.record({
  at: fc.nat(7),
  usage: fc.constantFrom("read", "write"),
  to: fc.constantFrom("vram", "vram", "gtt", "either"),
});

const submit: fc.Arbitrary<Submit> = fc.record({
  do: fc.constant("submit" as const),
  picks: fc.array(pick, { minLength: 1, maxLength: 4 }),
  workMs: fc.nat(3),
  ends: fc.constantFrom("fence", "fence", "fence", "nothing", "throw", "promise"),
  patienceMs: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(3) }),
  noWait: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const disturbance: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom("grab", "hold", "pin"), at: fc.nat(7), ms: fc.nat(3) }),
  fc.record({
    do: fc.constant("list" as const),
    ats: fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 3 }),
    ms: fc.nat(3),
  }),
);

/** Parties that submit at the same time, and disturb one another. */
export interface Scenario {
  readonly driver: "immediate" | "ordered" | "waits for evictions";
  readonly pages: readonly number[];
  readonly parties: readonly (readonly Step[])[];
  readonly flaws: readonly Flaw[];
}

const flaw: fc.Arbitrary<Flaw> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Flaw>("none") },
  { weight: 1, arbitrary: fc.constant<Flaw>("throw") },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 2 }) },
);

/** Makes scenarios. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
  driver: fc.constantFrom("immediate", "ordered", "waits for evictions"),
  pages: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 8 }),
  parties: fc.array(
    fc.array(fc.oneof({ weight: 4, arbitrary: submit }, { weight: 1, arbitrary: disturbance }), {
      minLength: 1,
      maxLength: 6,
    }),
    { minLength: 1, maxLength: 5 },
  ),
  // A driver that is never ready would keep the buffers for 15 s.
  flaws: fc.oneof(fc.constant([]), fc.array(flaw, { maxLength: 12 }).map((flaws): Flaw[] => ["none", ...flaws])),
});

/** The call of a submission. */
interface Call {
  readonly number: number;
  readonly picks: readonly Pick[];
}

function overlap(one: Call, other: Call): boolean {
  const types = ({ picks }: Call) => new Set(picks.flatMap(({ to }) => to === "either" ? ["vram", "gtt"] : [to]));
  return types(one).intersection(types(other)).size > 0;
}

/** Plays a scenario and checks all along that the rules hold; returns the number of submissions that came to their work. */
export async function play({ driver: kind, pages, parties, flaws }: Scenario): Promise<number> {
  const clock = new SimulatedClock();
  const inner: Driver = kind === "immediate"
    ? new TestDriver({ vram: VRAM, gtt: GTT }) as Driver
    : new RadeonSim({ vram: VRAM * PAGE_SIZE, gtt: GTT * PAGE_SIZE, copyLatencyMs: 1 });
  const supports = kind === "waits for evictions" ? { pipelinedEvictions: false } : {};
  const driver = hardDriver(inner, clock, flaws, supports);
  const moved = new Set<string>();
  const tracer = { move: ({ buffer }: MoveEvent) => void moved.add(`${buffer}`) };
  const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, clock, tracer });
  /** The order of eviction of the buffers, without ghost objects. */
  const order = () =>
    device.memoryTypes.map((type) => device.lru(type).flat().filter(({ isGhost }) => !isGhost).map(String));
  const buffers = pages.map((count) => device.createBuffer({ bytes: count * PAGE_SIZE }));
  const steps = parties.flat();
  const has = (what: Step["do"]) => steps.some((step) => step.do === what);
  const pinsAndFlaws = has("pin") || flaws.includes("throw");
  const submitted = new Set<Fence>();
  let calls = 0;
  /** Those that have come to their work. */
  const worked: Call[] = [];
  const at = (index: number) => buffers[index % buffers.length] as BufferObject;

  /** Fences that no work of a submission has given, and no move. */
  const strangers = () =>
    buffers.flatMap(({ reservation }) => reservation.fences.list())
      .filter(({ fence, usage }) => usage !== "kernel" && !submitted.has(fence));

  async function trySubmit(step: Submit): Promise<void> {
    const call: Call = { number: calls++, picks: step.picks };
    const entries = step.picks.map(({ at: index, usage, to }): SubmitEntry => {
      return { buffer: at(index), usage, placement: placements[to] };
    });
    const before = parties.length === 1 ? order() : [];
    moved.clear();
    const abort = new AbortController();
    const timer = step.patienceMs < 0
      ? null
      : clock.schedule(clock.now() + step.patienceMs, () => abort.abort("enough"));
    const work = () => {
      const overtook = worked.find((other) => other.number > call.number && overlap(other, call));
      assert(overtook === undefined || has("pin"), `call ${overtook?.number} came before call ${call.number}`);
      worked.push(call);
      for (const { buffer, placement } of entries) {
        assert(buffer.reserved, `${buffer} is not reserved`);
        const places = (placement as Placement).placement.map(({ memoryType }) => memoryType);
        assert(places.includes(buffer.memoryType ?? ""), `${buffer} is in ${buffer.memoryType}, not in ${places}`);
      }
      if (step.ends === "throw") throw new TtmError("EPERM", "Cannot go on: the work throws");
      if (step.ends === "promise") return Promise.resolve() as never;
      if (step.ends === "nothing") return;
      const fence = new FenceContext("work").next();
      submitted.add(fence);
      clock.schedule(clock.now() + step.workMs, () => fence.signal());
      return fence;
    };
    try {
      await device.submit(entries, work, { signal: abort.signal, noWait: step.noWait });
    } catch (error) {
      if (error !== "enough") mustBeAllowed(error, step);
      const stayed = (lists: string[][]) => lists.map((names) => names.filter((name) => !moved.has(name)));
      if (before.length > 0) assertEquals(stayed(order()), stayed(before), "the order of eviction");
    } finally {
      if (timer !== null) clock.cancel(timer);
    }
    assertEquals(strangers(), []);
    checkInvariants(device);
  }

  function mustBeAllowed(error: unknown, step: Submit): void {
    if (!(error instanceof TtmError)) throw error;
    const twice = new Set(step.picks.map(({ at: index }) => at(index))).size < step.picks.length;
    const wanted = step.picks.map(({ at: index }) => at(index).pages).reduce((sum, count) => sum + count, 0);
    const allowed: Readonly<Record<string, boolean>> = {
      EPERM: step.ends === "throw",
      EINVAL: step.ends === "promise" || twice || has("pin"),
      EBUSY: step.noWait || has("grab"),
      ENOMEM: pinsAndFlaws || wanted > VRAM,
      EIO: flaws.length > 0,
      ENOSPC: pinsAndFlaws,
    };
    if (allowed[error.code] !== true) {
      throw new Error(`${error.code} is no end of ${JSON.stringify(step)}`, { cause: error });
    }
  }

  async function disturb(step: Exclude<Step, Submit>): Promise<void> {
    if (step.do === "list") {
      const distinct = [...new Set(step.ats.map(at))];
      try {
        using _list = await reserveList(distinct.map((buffer) => ({ buffer })));
        await clock.sleep(step.ms);
      } catch (error) {
        // Somebody writes by the CPU.
        if (!(error instanceof TtmError) || error.code !== "EBUSY") throw error;
      }
    } else if (step.do === "grab") {
      using _grab = await at(step.at).grabForCpuWrite();
      await clock.sleep(step.ms);
    } else {
      const buffer = at(step.at);
      const turn = await buffer.reserve();
      const pin = step.do === "pin" && buffer.memoryType !== null ? buffer.pin() : null;
      if (pin !== null) turn[Symbol.dispose]();
      await clock.sleep(step.ms);
      pin?.[Symbol.dispose]();
      turn[Symbol.dispose]();
    }
  }

  await Promise.all(parties.map(async (party) => {
    for (const step of party) await (step.do === "submit" ? trySubmit(step) : disturb(step));
  }));
  clock.runUntilIdle();
  for (const buffer of buffers) {
    const { reserved, reservation: { waiting }, busy, cpuWriters } = buffer;
    assertEquals([reserved, waiting, busy, cpuWriters, buffer.pins], [false, 0, false, 0, 0], `${buffer} at the end`);
  }
  // Nobody is left in the line.
  if (flaws.length === 0) {
    const [buffer] = buffers as [BufferObject];
    await device.submit([{ buffer, placement: placements.either }], () => {}, { noWait: true });
  }
  for (const buffer of buffers) buffer.unref();
  await device.close();
  return worked.length;
}
