import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { firstFit } from "@ttm/first-fit";
import { type Contents, RadeonSim } from "@ttm/radeon-sim";
import {
  BoDevice,
  type BufferObject,
  type BufferView,
  checkInvariants,
  type Driver,
  type Fence,
  type FenceUsage,
  PAGE_SIZE,
  type Placement,
  type PreparedPlacement,
  SimulatedClock,
  type Tracer,
  TtmError,
} from "../mod.ts";
import { fence, only, TestDriver } from "../testing_devices.ts";

const RUNS = 200;
const LONGEST = 100;
const MOST = 12;
const VRAM = 8;
const VISIBLE = 6;
const GTT = 8;

const placements = {
  vram: only("vram"),
  gtt: only("gtt"),
  system: only("system"),
  wish: { placement: [{ memoryType: "vram" }], busyPlacement: [{ memoryType: "gtt" }, { memoryType: "system" }] },
  visible: only("vram", { lpfn: VISIBLE }),
  upper: only("vram", { fpfn: 3, topDown: true, contiguous: true }),
  uncached: only("vram", { caching: ["uncached"] }),
  combined: only("gtt", { caching: ["wc"] }),
  ranges: { placement: [{ memoryType: "gtt", fpfn: 4 }, { memoryType: "vram", lpfn: 4 }] },
  nowhere: { placement: [] },
} satisfies Record<string, Placement>;

const at = fc.nat(MOST - 1);
const to = fc.constantFrom(...Object.keys(placements) as (keyof typeof placements)[]);
const usage = fc.constantFrom<FenceUsage>("kernel", "write", "read", "bookkeep");
const weighted = <Value>(weight: number, arbitrary: fc.Arbitrary<Value>) => ({ weight, arbitrary });

/** One step; `at` selects one of the existing buffers or fences. */
const step = fc.oneof(
  weighted(
    8,
    fc.record({
      do: fc.constant("create"),
      pages: fc.integer({ min: 1, max: 4 }),
      priority: fc.nat(3),
      sg: fc.nat(2),
      to,
    }),
  ),
  weighted(10, fc.record({ do: fc.constant("validate"), at, to, noWait: fc.boolean() })),
  weighted(3, fc.record({ do: fc.constant("start"), at, to })),
  weighted(3, fc.record({ do: fc.constant("abort"), at, to })),
  weighted(3, fc.record({ do: fc.constant("touch"), at })),
  weighted(1, fc.record({ do: fc.constant("pin"), at })),
  weighted(2, fc.record({ do: fc.constant("unpin"), at })),
  weighted(6, fc.record({ do: fc.constant("write"), at, offset: fc.nat(4 * PAGE_SIZE), byte: fc.nat(255) })),
  weighted(4, fc.record({ do: fc.constant("read"), at })),
  weighted(2, fc.record({ do: fc.constant("unref"), at })),
  weighted(3, fc.record({ do: fc.constant("work"), at, usage })),
  weighted(4, fc.record({ do: fc.constant("job"), at, byte: fc.nat(255), ms: fc.integer({ min: 0, max: 3 }) })),
  weighted(4, fc.record({ do: fc.constant("signal"), at })),
  weighted(2, fc.record({ do: fc.constant("advance"), ms: fc.integer({ min: 0, max: 3 }) })),
  weighted(2, fc.record({ do: fc.constant("break"), moves: fc.integer({ min: 1, max: 3 }) })),
  weighted(2, fc.record({ do: fc.constant("evict"), type: fc.constantFrom("vram", "gtt", "system") })),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A device, and a model of its expected state. */
class World {
  readonly #clock = new SimulatedClock();
  readonly #driver: Driver;
  readonly #device: BoDevice;
  /** Live buffers without a call that waits; `#bytes` holds their expected contents. */
  readonly #buffers: BufferObject[] = [];
  readonly #bytes: Map<BufferView, Uint8Array> = new Map();
  /** The imported arrays of live buffers. */
  readonly #imported: Map<BufferView, Uint8Array> = new Map();
  /** The contents of each buffer when it was last moved to VRAM. */
  readonly #atHome: WeakMap<BufferView, Uint8Array | undefined> = new WeakMap();
  /** Imported arrays of released buffers, and the bytes that they must hold when all work has ended. */
  readonly #returned: { readonly array: Uint8Array; readonly bytes: Uint8Array }[] = [];
  readonly #works: Fence[] = [];
  readonly #started: Set<Promise<unknown>> = new Set();
  readonly #placements: Map<Placement, PreparedPlacement> = new Map();
  #toBreak = 0;

  constructor(makeDriver: (breaks: () => boolean) => Driver) {
    this.#driver = makeDriver(() => this.#toBreak > 0 && this.#toBreak-- > 0);
    const managers = { vram: firstFit(), gtt: firstFit() };
    const tracer: Tracer = {
      move: ({ buffer, from, to, failure }) => {
        if (failure !== null) return;
        const enters = to.memoryType === "vram" && from?.memoryType !== "vram";
        if (enters) this.#atHome.set(buffer, this.#bytes.get(buffer)?.slice());
        if (to.memoryType !== "vram") this.#atHome.delete(buffer);
      },
      purge: (buffer) => {
        if (!this.#imported.has(buffer)) this.#bytes.get(buffer)?.fill(0);
        // Writes in VRAM are lost; the contents from before the move to VRAM are not.
        else this.#bytes.get(buffer)?.set(this.#atHome.get(buffer) ?? []);
      },
    };
    this.#device = new BoDevice({ driver: this.#driver, managers, clock: this.#clock, tracer });
  }

  async take(step: Step): Promise<void> {
    if (step.do === "create") await this.#create(step, placements[step.to]);
    else if (step.do === "signal") this.#works.splice(step.at % (this.#works.length || 1), 1)[0]?.signal();
    else if (step.do === "advance") this.#clock.advanceTo(this.#clock.now() + step.ms);
    else if (step.do === "break") this.#toBreak = step.moves;
    else if (step.do === "evict") {
      await this.#allows(["EBUSY", "EIO", "ENOSPC"], () => this.#device.evictFirst(step.type));
    } else {
      const buffer = this.#buffers[step.at % (this.#buffers.length || 1)];
      if (buffer !== undefined) await this.#use(buffer, step);
    }
    checkInvariants(this.#device);
  }

  async #create({ pages, priority, sg }: Step & { do: "create" }, placement: Placement): Promise<void> {
    if (this.#buffers.length >= MOST) return;
    const bytes = pages * PAGE_SIZE - 7;
    // Every third buffer is imported.
    const imported = sg === 0 ? new Uint8Array(pages * PAGE_SIZE).fill(100 + priority) : null;
    const options = { bytes, priority, alignment: 1 + pages % 3 };
    const buffer = this.#device.createBuffer(imported === null ? options : { ...options, kind: "sg", imported });
    this.#buffers.push(buffer);
    this.#bytes.set(buffer, imported?.slice(0, bytes) ?? new Uint8Array(bytes));
    if (imported !== null) this.#imported.set(buffer, imported);
    assertEquals(buffer.tryReserve(), true);
    await this.#validate(buffer, placement, false);
    buffer.unreserve();
  }

  async #use(buffer: BufferObject, step: Exclude<Step, { at?: never }>): Promise<void> {
    if (step.do === "unref") return this.#release(buffer);
    assertEquals(buffer.tryReserve(), true);
    if (step.do === "start") return this.#start(buffer, placements[step.to]);
    if (step.do === "validate") await this.#validate(buffer, placements[step.to], step.noWait);
    else if (step.do === "abort") await this.#abort(buffer, placements[step.to]);
    else if (step.do === "pin") buffer.pin();
    else if (step.do === "unpin" && buffer.pins > 0) buffer.unpin();
    else if (step.do === "write") await this.#write(buffer, step.offset % buffer.bytes, step.byte);
    else if (step.do === "read") await this.#read(buffer);
    else if (step.do === "work") this.#addWork(buffer, step.usage);
    else if (step.do === "job") this.#submit(buffer, step.byte, step.ms);
    buffer.unreserve();
  }

  async #validate(buffer: BufferObject, placement: Placement, noWait: boolean): Promise<void> {
    const before = [buffer.memoryType, buffer.start];
    const prepared = this.#prepared(placement);
    const done = await this.#places(buffer, () => {
      return noWait ? buffer.validate(prepared, { noWait }) : buffer.validate(prepared);
    });
    const after = [buffer.memoryType, buffer.start];
    if (!done && buffer.place?.temporary !== true) assertEquals(after, before);
    if (done) assert(isIn(buffer, placement), `${buffer} is in ${after}`);
  }

  /** Returns the same object for the same placement, as drivers do. */
  #prepared(placement: Placement): PreparedPlacement {
    const prepared = this.#placements.get(placement) ?? this.#device.preparePlacement(placement);
    this.#placements.set(placement, prepared);
    return prepared;
  }

  async #abort(buffer: BufferObject, placement: Placement): Promise<void> {
    const abort = new AbortController();
    const reason = Symbol("enough");
    const validated = buffer.validate(placement, { signal: abort.signal });
    abort.abort(reason);
    await this.#places(buffer, () =>
      validated.catch((error) => {
        if (error !== reason) throw error;
      }));
  }

  /** Starts a validate that may wait; no other step uses the buffer until it ends. */
  #start(buffer: BufferObject, placement: Placement): void {
    this.#buffers.splice(this.#buffers.indexOf(buffer), 1);
    const started = this.#places(buffer, () => buffer.validate(this.#prepared(placement))).finally(() => {
      buffer.unlock();
      this.#buffers.push(buffer);
      this.#started.delete(started);
    });
    this.#started.add(started);
  }

  #places(buffer: BufferObject, act: () => Promise<unknown>): Promise<boolean> {
    return this.#allows(["EBUSY", "EIO", "ENOMEM", "ENOSPC", ...buffer.pins > 0 ? ["EINVAL"] : []], act);
  }

  async #write(buffer: BufferObject, offset: number, byte: number): Promise<void> {
    const bytes = new Uint8Array(Math.min(5000, buffer.bytes - offset)).fill(byte);
    if (await this.#accesses(buffer, () => buffer.write(bytes, { offset }))) {
      this.#bytes.get(buffer as BufferObject)?.set(bytes, offset);
    }
  }

  async #read(buffer: BufferObject): Promise<void> {
    let bytes = new Uint8Array();
    if (!await this.#accesses(buffer, async () => bytes = await buffer.read() as typeof bytes)) return;
    const expected = this.#bytes.get(buffer as BufferObject) ?? bytes;
    const wrong = bytes.findIndex((byte, index) => byte !== expected[index]);
    assertEquals(wrong, -1, `${buffer} has ${bytes[wrong]} at ${wrong}, not ${expected[wrong]}`);
  }

  #accesses(buffer: BufferObject, act: () => Promise<unknown>): Promise<boolean> {
    const end = (buffer.start ?? 0) + buffer.pages;
    const hidden = buffer.memoryType === null || (buffer.memoryType === "vram" && end > VISIBLE);
    return this.#allows(hidden ? ["EBUSY", "EINVAL"] : ["EBUSY"], act);
  }

  #addWork(buffer: BufferObject, usage: FenceUsage): void {
    const work = fence();
    this.#works.push(work);
    buffer.addFence(work, usage);
  }

  /** Submits a GPU job that fills the buffer when it ends, wherever the buffer is placed then. */
  #submit(buffer: BufferObject, byte: number, durationMs: number): void {
    const reachable = buffer.memoryType === "vram" || buffer.memoryType === "gtt";
    if (!reachable || !(this.#driver instanceof RadeonSim)) return;
    const program = ([contents]: readonly Contents[]) => contents?.bytes.fill(byte);
    this.#driver.submit({ buffers: [{ buffer, write: true }], durationMs, program });
    this.#bytes.get(buffer as BufferObject)?.fill(byte);
  }

  #release(buffer: BufferObject): void {
    this.#buffers.splice(this.#buffers.indexOf(buffer), 1);
    this.#unref(buffer);
  }

  #unref(buffer: BufferObject): void {
    const [array, bytes] = [this.#imported.get(buffer), this.#bytes.get(buffer)];
    // If moves fail, now or when the buffer's work has ended, bytes may remain in VRAM that is not CPU-visible.
    const canReturn = this.#driver instanceof RadeonSim || (this.#toBreak === 0 && this.#works.length === 0);
    if (array !== undefined && bytes !== undefined && canReturn) this.#returned.push({ array, bytes });
    this.#bytes.delete(buffer);
    this.#imported.delete(buffer);
    buffer.unref();
  }

  async #allows(codes: readonly string[], act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (error instanceof TtmError && codes.includes(error.code)) return false;
      throw error;
    }
  }

  /** Compares all contents once more, releases all buffers and closes the device. */
  async end(): Promise<void> {
    for (const work of this.#works) work.signal();
    await Promise.all(this.#started);
    this.#toBreak = 0;
    for (const buffer of this.#buffers.splice(0)) {
      assertEquals(buffer.tryReserve(), true);
      await this.#read(buffer);
      assertEquals([buffer.busy && buffer.memoryType !== null, buffer.reservation.waiting], [buffer.busy, 0]);
      buffer.unreserve();
      this.#unref(buffer);
    }
    checkInvariants(this.#device);
    await this.#device.close();
    for (const { array, bytes } of this.#returned) assertEquals(array.subarray(0, bytes.length), bytes);
    const left = this.#device.memoryTypes.map((type) => this.#device.usage(type).usedPages);
    assertEquals([left, this.#device.dyingBuffers], [[0, 0, 0], 0]);
  }
}

function isIn(
  { memoryType, start, pages }: BufferObject,
  { placement, busyPlacement = placement }: Placement,
): boolean {
  const places = [...placement, ...busyPlacement];
  if (places.length === 0) return memoryType === null;
  return places.some((place) => {
    const end = place.lpfn === undefined || start === null || start + pages <= place.lpfn;
    return place.memoryType === memoryType && (start ?? 0) >= (place.fpfn ?? 0) && end;
  });
}

const GPU = {
  vram: VRAM * PAGE_SIZE,
  visibleVram: VISIBLE * PAGE_SIZE,
  gtt: GTT * PAGE_SIZE,
  copyLatencyMs: 0.25,
  copyBytesPerMs: 8 * PAGE_SIZE,
};
const drivers: Record<string, (breaks: () => boolean) => Driver> = {
  "an immediate driver": (breaks) => {
    const driver = new TestDriver({ vram: VRAM, gtt: GTT, visible: VISIBLE });
    const { evict } = driver;
    // Buffers of the highest priority are scratch memory.
    driver.evict = (buffer) =>
      buffer.priority === 3 && buffer.memoryType === "vram" ? placements.nowhere : evict(buffer);
    driver.beforeMove = () => {
      if (breaks()) throw new Error("broken");
    };
    return driver;
  },
  "an ordered driver with stops": () => new RadeonSim(GPU),
  "an ordered driver of two timelines": () => new RadeonSim({ ...GPU, copyEngines: 2, bindLatencyMs: 0.5 }),
};
for (const [name, makeDriver] of Object.entries(drivers)) {
  Deno.test(`whatever happens on ${name}, contents are kept and no invariant is broken`, async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: LONGEST, size: "max" });
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        const world = new World(makeDriver);
        for (const step of steps) await world.take(step);
        await world.end();
      }),
      { numRuns: RUNS },
    );
  });
}
