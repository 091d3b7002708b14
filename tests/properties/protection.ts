import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  BoDevice,
  type BufferObject,
  type BufferView,
  checkInvariants,
  type Driver,
  type EvictionPolicy,
  lru,
  type MemoryGroup,
  type MoveEvent,
  mru,
  PAGE_SIZE,
  type Placement,
  SimulatedClock,
  TtmError,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { adaptive, arc, clock, gdsf, lirs, lookahead, loops, reuse, s3fifo, sieve, twoQueues } from "@ttm/policies";
import { PlainGroups } from "./plain_groups.ts";

const VRAM = 24;
/** The clients: each is a group. Buffers of nobody have the number -1. */
const CLIENTS = 5;

const policies: Readonly<Record<string, () => EvictionPolicy>> = {
  lru,
  mru,
  adaptive,
  arc,
  clock,
  gdsf,
  lirs,
  reuse,
  s3fifo,
  sieve,
  twoQueues,
  lookahead: (): EvictionPolicy => lookahead(lru()),
  loops: (): EvictionPolicy => loops(lru()),
};

type Step =
  | { readonly do: "create"; readonly client: number; readonly pages: number; readonly falls: boolean }
  | { readonly do: "place"; readonly at: number; readonly falls: boolean }
  | { readonly do: "release" | "pin" | "leave"; readonly at: number }
  | { readonly do: "limit"; readonly client: number; readonly min: number; readonly low: number; readonly max: number };

/** Clients in a tree that want more of VRAM than there is. */
export interface Scenario {
  readonly policy: string;
  readonly scan: boolean;
  /** Whether each buffer has one page, so that no room is lost to fragmentation. */
  readonly uniform: boolean;
  /** For each client, which of those before it is its parent; -1 for none. */
  readonly parents: readonly number[];
  readonly steps: readonly Step[];
}

const client = fc.integer({ min: -1, max: CLIENTS - 1 });
const at = fc.nat(60);
const create: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("create" as const),
  client,
  pages: fc.integer({ min: 1, max: 5 }),
  falls: fc.boolean(),
});
const place: fc.Arbitrary<Step> = fc.record({ do: fc.constant("place" as const), at, falls: fc.boolean() });
const other: fc.Arbitrary<Step> = fc.record({ do: fc.constantFrom("release", "pin", "leave"), at });
const limit: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("limit" as const),
  client: fc.nat(CLIENTS - 1),
  min: fc.oneof(fc.constant(0), fc.nat(VRAM / 2)),
  low: fc.oneof(fc.constant(0), fc.nat(VRAM)),
  max: fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: fc.nat(VRAM) }),
});

/** Makes scenarios of at most so many steps. */
export function scenarios(steps: number): fc.Arbitrary<Scenario> {
  return fc.record({
    policy: fc.constantFrom(...Object.keys(policies)),
    scan: fc.boolean(),
    uniform: fc.boolean(),
    parents: fc.tuple(...Array.from({ length: CLIENTS }, (_, at) => fc.integer({ min: -1, max: at - 1 }))),
    steps: fc.array(
      fc.oneof(
        { weight: 5, arbitrary: create },
        { weight: 6, arbitrary: place },
        { weight: 2, arbitrary: other },
        { weight: 1, arbitrary: limit },
      ),
      { minLength: 1, maxLength: steps, size: "max" },
    ),
  });
}

/** How often something was seen that the model has checked. */
export interface Seen {
  steps: number;
  evictions: number;
  /** Evictions of what the `low` of a group protects. */
  lowTaken: number;
  refused: number;
  /** Buffers that have evicted others instead of taking their next place. */
  due: number;
}

function driver(): Driver {
  return {
    name: "counted",
    supports: { contents: false },
    memoryTypes: [{ name: "system" }, { name: "gtt", pages: 1 << 20 }, { name: "vram", pages: VRAM, fixed: true }],
    evictPlacement: () => ({ placement: [{ memoryType: "gtt" }] }),
    move: () => {},
  };
}

/** Runs a scenario on a device, and compares each eviction and each refusal with a plain model. */
export async function play(scenario: Scenario, seen: Seen): Promise<void> {
  const run = new Run(scenario, seen);
  for (const step of scenario.steps) await run.take(step);
  await run.end();
}

class Run {
  #seen: Seen;
  #uniform: boolean;
  #device: BoDevice;
  #groups: MemoryGroup[] = [];
  #model: PlainGroups;
  #buffers: BufferObject[] = [];
  #owners: Map<BufferView, number> = new Map();
  /** The client whose limits are being changed; null while a buffer is being placed. */
  #limited: number | null = null;
  #evicted = 0;
  /** Whether the buffer that is being placed has a next place: then it may only take what is due to it. */
  #falls = false;

  constructor({ policy, scan, uniform, parents }: Scenario, seen: Seen) {
    this.#seen = seen;
    this.#uniform = uniform;
    this.#model = new PlainGroups(parents);
    this.#device = new BoDevice({
      driver: driver(),
      managers: { vram: firstFit({ scan }), gtt: firstFit() },
      policy: policies[policy]?.() ?? lru(),
      clock: new SimulatedClock(),
      tracer: { move: (event) => this.#check(event) },
    });
    for (const [client, parent] of parents.entries()) {
      const above = this.#groups[parent];
      this.#groups.push(this.#device.createGroup(`client ${client}`, above === undefined ? {} : { parent: above }));
    }
  }

  async take(step: Step): Promise<void> {
    const buffer = "at" in step ? this.#buffers[step.at % this.#buffers.length] : undefined;
    if (step.do === "create") this.#create(step.client, this.#uniform ? 1 : step.pages, step.falls);
    else if (step.do === "limit") await this.#limit(step.client, step);
    else if (buffer === undefined) return;
    else if (step.do === "place") this.#place(buffer, step.falls);
    else if (step.do === "release") this.#release(buffer);
    else if (step.do === "leave") this.#leave(buffer);
    else this.#pin(buffer);
    this.#seen.steps++;
    this.#compare();
  }

  async end(): Promise<void> {
    checkInvariants(this.#device);
    while (this.#buffers[0] !== undefined) this.#release(this.#buffers[0]);
    for (const group of this.#groups.toReversed()) group.remove();
    await this.#device.close();
  }

  #create(client: number, pages: number, falls: boolean): void {
    const group = this.#groups[client];
    const options = { bytes: pages * PAGE_SIZE, ...(group === undefined ? {} : { group }) };
    const buffer = this.#device.createBuffer(options);
    this.#buffers.push(buffer);
    this.#owners.set(buffer, client);
    this.#place(buffer, falls);
  }

  #place(buffer: BufferObject, falls: boolean): void {
    const placement: Placement = falls
      ? { placement: [{ memoryType: "vram" }], busyPlacement: [{ memoryType: "gtt" }] }
      : { placement: [{ memoryType: "vram" }] };
    const wasIn = buffer.memoryType;
    if (buffer.pins > 0 && wasIn !== "vram") return;
    this.#evicted = 0;
    this.#falls = falls;
    buffer.tryReserve();
    try {
      assertEquals(buffer.tryValidate(placement), null);
      if (falls && buffer.memoryType === "vram" && this.#evicted > 0) this.#seen.due++;
      if (falls && buffer.memoryType === "gtt") this.#mustLackWhatIsDue(buffer);
    } catch (error) {
      if (!(error instanceof TtmError) || error.code !== "ENOMEM") throw error;
      this.#seen.refused++;
      assertEquals(buffer.memoryType, wasIn);
      this.#mustLackRoom(buffer);
    } finally {
      buffer.unreserve();
    }
  }

  async #limit(client: number, { min, low, max }: { min: number; low: number; max: number }): Promise<void> {
    const limits = { min: Math.min(min, max), low: Math.min(low, max), max };
    this.#model.limit(client, limits);
    this.#limited = client;
    const bytes = Object.fromEntries(Object.entries(limits).map(([name, pages]) => [name, pages * PAGE_SIZE]));
    await this.#groups[client]?.setLimits("vram", bytes);
    this.#limited = null;
  }

  #release(buffer: BufferObject): void {
    this.#buffers.splice(this.#buffers.indexOf(buffer), 1);
    this.#owners.delete(buffer);
    buffer.unref();
  }

  #leave(buffer: BufferObject): void {
    if (buffer.pins > 0) return;
    buffer.tryReserve();
    buffer.tryValidate({ placement: [{ memoryType: "gtt" }] });
    buffer.unreserve();
  }

  #pin(buffer: BufferObject): void {
    buffer.tryReserve();
    if (buffer.pins > 0) buffer.unpin();
    else if (buffer.memoryType !== null && this.#buffers.filter(({ pins }) => pins > 0).length < 3) buffer.pin();
    buffer.unreserve();
  }

  /** Those in VRAM, as the model sees them. */
  #residents(): { buffer: BufferObject; owner: number }[] {
    return this.#buffers.filter(({ memoryType }) => memoryType === "vram")
      .map((buffer) => ({ buffer, owner: this.#owners.get(buffer) ?? -1 }));
  }

  #usage(): number[] {
    return this.#model.usage(this.#residents().map(({ buffer, owner }) => ({ owner, pages: buffer.pages })));
  }

  /** No eviction for others takes what is protected. */
  #check({ buffer, evict, from, forBuffer, failure }: MoveEvent): void {
    if (!evict || failure !== null || from?.memoryType !== "vram") return;
    this.#seen.evictions++;
    this.#evicted++;
    const usage = this.#usage();
    const victim = this.#owners.get(buffer) ?? -1;
    const asker = forBuffer === null ? this.#limited ?? -1 : this.#owners.get(forBuffer) ?? -1;
    const owned = { owner: victim, pages: buffer.pages };
    assert(this.#model.mayGive(usage, owned, asker, "min"), `${buffer} of ${victim} was taken below min for ${asker}`);
    const limit = forBuffer === null ? this.#limited : this.#model.limiting(usage, asker, forBuffer.pages);
    if (limit !== null) assert(this.#model.isBelow(victim, limit), `${buffer} cannot help with the max of ${limit}`);
    if (forBuffer !== null) assert(!this.#falls || this.#owes(usage, victim, asker, forBuffer), "nothing was due");
    if (this.#model.mayGive(usage, owned, asker, "low")) return;
    this.#seen.lowTaken++;
    const others = this.#residents().filter((one) => one.buffer !== buffer && one.buffer !== forBuffer);
    for (const one of others.filter(({ buffer }) => buffer.pins === 0)) {
      if (limit !== null && !this.#model.isBelow(one.owner, limit)) continue;
      if (forBuffer !== null && this.#falls && !this.#owes(usage, one.owner, asker, forBuffer)) continue;
      const canGive = this.#canGive(usage, one, asker, "low");
      assert(!canGive, `${one.buffer} could have given, and ${buffer} was taken below low`);
    }
  }

  /** Whether what somebody asks for is due from another. */
  #owes(usage: readonly number[], owner: number, asker: number, { pages }: BufferView): boolean {
    return (["min", "low"] as const).some((kind) => this.#model.isDue(usage, asker, pages, owner, kind));
  }

  #canGive(
    usage: readonly number[],
    { buffer, owner }: { buffer: BufferObject; owner: number },
    asker: number,
    kind: "min" | "low",
  ): boolean {
    const owned = { owner, pages: buffer.pages };
    return this.#model.mayGive(usage, owned, asker, "min") && this.#model.mayGive(usage, owned, asker, kind);
  }

  /** An ENOMEM is right if nobody can give; where all are equal, no room is lost otherwise. */
  #mustLackRoom(buffer: BufferObject): void {
    const usage = this.#usage();
    const asker = this.#owners.get(buffer) ?? -1;
    const limit = this.#model.limiting(usage, asker, buffer.pages);
    if (!this.#uniform) return;
    const free = VRAM - this.#residents().reduce((sum, { buffer }) => sum + buffer.pages, 0);
    assert(limit !== null || free === 0, `${free} pages are free`);
    if (!this.#model.canHold(asker, buffer.pages)) return;
    for (const one of this.#residents().filter(({ buffer }) => buffer.pins === 0)) {
      const isOfUse = limit === null || this.#model.isBelow(one.owner, limit);
      assert(!isOfUse || !this.#canGive(usage, one, asker, "min"), `${one.buffer} could have given`);
    }
  }

  /** A buffer takes its next place only if nothing is due to it that others have. */
  #mustLackWhatIsDue(buffer: BufferObject): void {
    if (!this.#uniform) return;
    const usage = this.#usage();
    const asker = this.#owners.get(buffer) ?? -1;
    if (this.#model.limiting(usage, asker, buffer.pages) !== null) return;
    for (const one of this.#residents().filter(({ buffer }) => buffer.pins === 0)) {
      for (const [claim, kind] of [["min", "min"], ["low", "low"]] as const) {
        const isDue = this.#model.isDue(usage, asker, buffer.pages, one.owner, claim);
        assert(!isDue || !this.#canGive(usage, one, asker, kind), `${one.buffer} has what is due to ${buffer}`);
      }
    }
  }

  #compare(): void {
    for (const [client, pages] of this.#usage().entries()) {
      assertEquals(this.#groups[client]?.usage("vram").usedBytes, pages * PAGE_SIZE);
    }
  }
}
