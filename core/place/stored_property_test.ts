import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { firstFit } from "@ttm/first-fit";
import { type Contents, RadeonSim } from "@ttm/radeon-sim";
import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Driver,
  type Fence,
  PAGE_SIZE,
  SimulatedClock,
  type SwapStore,
  TtmError,
} from "../mod.ts";
import { fence, only, TestDriver } from "../testing_devices.ts";
import { readOnly, type RecordingStore, recordingStore } from "../testing_stores.ts";

const RUNS = 150;
const LONGEST = 80;
const MOST = 8;
const VRAM = 6;
const GTT = 6;
const HOST_PAGES = 6;

const at = fc.nat(MOST - 1);
const weighted = <Value>(weight: number, arbitrary: fc.Arbitrary<Value>) => ({ weight, arbitrary });

/** One step; `at` selects one of the existing buffers. */
const step = fc.oneof(
  weighted(
    6,
    fc.record({ do: fc.constantFrom("frozen", "frozen", "home", "plain"), pages: fc.integer({ min: 1, max: 3 }), at }),
  ),
  weighted(8, fc.record({ do: fc.constantFrom("vram", "vram", "gtt", "system", "start"), at })),
  weighted(3, fc.record({ do: fc.constantFrom("write", "map", "user map"), at, byte: fc.nat(255), part: fc.nat(9) })),
  weighted(4, fc.record({ do: fc.constantFrom("read", "read", "purge", "release"), at })),
  weighted(5, fc.record({ do: fc.constantFrom("job", "work"), at, byte: fc.nat(255), writes: fc.boolean() })),
  weighted(6, fc.record({ do: fc.constantFrom("evict vram", "evict gtt", "swap out", "signal", "advance"), at })),
  weighted(2, fc.record({ do: fc.constantFrom("fail reads", "fail writes", "fail nothing"), at })),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The same store, whose answers are promises. */
function slow(store: RecordingStore): SwapStore {
  const later = <Result>(act: () => Result) => Promise.resolve().then(act);
  return {
    name: "slow",
    write: (key, bytes) => {
      const copy = bytes.slice();
      return later(() => void store.write(key, copy));
    },
    read: (key) => later(() => store.read(key)) as Promise<Uint8Array>,
    delete: (key) => store.delete(key),
  };
}

/** A device with little memory, and a plain model: the bytes that each buffer must have. */
class World {
  readonly #frozen = recordingStore();
  readonly #home = recordingStore();
  readonly #swap = recordingStore();
  readonly #clock = new SimulatedClock();
  readonly #isSlow: boolean;
  readonly #driver: Driver;
  readonly #device: BoDevice;
  readonly #bytes: Map<BufferObject, Uint8Array> = new Map();
  /** Where the contents of a buffer come from. */
  readonly #source: Map<BufferObject, readonly [RecordingStore, string]> = new Map();
  /** Buffers that no call uses. */
  readonly #free: BufferObject[] = [];
  readonly #started: Set<Promise<unknown>> = new Set();
  readonly #works: Fence[] = [];
  readonly #wrong: string[] = [];
  #made = 0;

  constructor(driver: Driver, isSlow: boolean) {
    this.#driver = driver;
    this.#isSlow = isSlow;
    this.#device = new BoDevice({
      driver,
      managers: { vram: firstFit(), gtt: firstFit() },
      clock: this.#clock,
      store: isSlow ? slow(this.#swap) : this.#swap,
      limits: { pages: HOST_PAGES },
    });
  }

  async take(step: Step): Promise<void> {
    const buffer = this.#free[step.at % (this.#free.length || 1)];
    if ("pages" in step) this.#create(step.do, step.pages);
    else if (step.do.startsWith("fail")) this.#fail(step.do);
    else if (step.do === "signal") this.#works.splice(step.at % (this.#works.length || 1), 1)[0]?.signal();
    else if (step.do === "advance") this.#clock.advanceTo(this.#clock.now() + 1);
    else if (step.do === "swap out") await this.#try(() => this.#device.swapOut());
    else if (step.do.startsWith("evict")) await this.#try(() => this.#device.evictFirst(step.do.slice(6)));
    else if (buffer !== undefined) await this.#use(buffer, step);
    this.#check();
  }

  #create(from: "frozen" | "home" | "plain", pages: number): void {
    if (this.#bytes.size >= MOST) return;
    const bytes = pages * PAGE_SIZE - 7;
    const byte = ++this.#made % 250;
    const store = from === "frozen" ? this.#frozen : this.#home;
    const key = from === "frozen" ? `shared-${pages}` : `own-${this.#made}`;
    if (from !== "plain" && !store.kept.has(key)) store.kept.set(key, new Uint8Array(bytes).fill(byte));
    const inner = this.#isSlow ? slow(store) : store;
    const reader = { name: "frozen", readOnly: true as const, read: (key: string) => inner.read(key) };
    const stored = { key, store: from === "home" ? inner : this.#isSlow ? reader : readOnly(store) };
    const buffer = this.#device.createBuffer(from === "plain" ? { bytes } : { bytes, stored });
    if (from !== "plain") this.#source.set(buffer, [store, key]);
    this.#bytes.set(buffer, this.#born(buffer));
    this.#free.push(buffer);
  }

  /** What a buffer holds after its creation or a purge. */
  #born(buffer: BufferObject): Uint8Array {
    const [store, key] = this.#source.get(buffer) ?? [];
    return store?.kept.get(key ?? "")?.slice() ?? new Uint8Array(buffer.bytes);
  }

  #fail(what: string): void {
    for (const store of [this.#frozen, this.#home, this.#swap]) {
      store.failing = what === "fail reads" ? "read" : what === "fail writes" ? "write" : "";
    }
  }

  async #use(buffer: BufferObject, step: Exclude<Step, { pages: number }>): Promise<void> {
    const needsPlace = step.do === "write" || step.do === "map";
    if (needsPlace && buffer.memoryType === null) return;
    if (step.do === "release") return this.#release(buffer);
    if (step.do === "user map" && "part" in step) return await this.#writeUserMap(buffer, step.part, step.byte);
    assertEquals(buffer.tryReserve(), true);
    if (step.do === "start") return this.#start(buffer);
    if (step.do === "read") await this.#read(buffer);
    else if (step.do === "write" && "part" in step) await this.#write(buffer, step.part, step.byte);
    else if (step.do === "map" && "part" in step) await this.#writeMap(buffer, step.part, step.byte);
    else if (step.do === "purge") await this.#purge(buffer);
    else if (step.do === "work" && "writes" in step) this.#addWork(buffer, step.writes);
    else if (step.do === "job" && "writes" in step) this.#submit(buffer, step.writes, step.byte);
    else await this.#try(() => buffer.validate(only(step.do)));
    buffer.unreserve();
  }

  async #read(buffer: BufferObject): Promise<boolean> {
    let found = new Uint8Array();
    const done = await this.#try(async () => found = await buffer.read() as typeof found);
    if (done) this.#compare(buffer, found, this.#expected(buffer));
    return done;
  }

  #compare(buffer: BufferObject, found: Uint8Array, expected: Uint8Array): void {
    const wrong = expected.findIndex((byte, index) => byte !== found[index]);
    if (wrong >= 0) this.#wrong.push(`${buffer} has ${found[wrong]} at ${wrong}, not ${expected[wrong]}`);
  }

  async #write(buffer: BufferObject, part: number, byte: number): Promise<void> {
    const { offset, data } = pieceOf(buffer, part, byte);
    const done = await this.#try(() => buffer.write(data, { offset }));
    if (done) this.#expected(buffer).set(data, offset);
  }

  async #writeMap(buffer: BufferObject, part: number, byte: number): Promise<void> {
    const { offset, data } = pieceOf(buffer, part, byte);
    await this.#try(async () => {
      // The bytes of a map are not ordered behind work.
      await buffer.wait();
      using map = await buffer.map();
      map.bytes.set(data, offset);
      this.#expected(buffer).set(data, offset);
    });
  }

  async #writeUserMap(buffer: BufferObject, part: number, byte: number): Promise<void> {
    if (buffer.busy) return;
    // In one page, so that it is written as a whole or not at all.
    const offset = (part % buffer.pages) * PAGE_SIZE + part;
    const data = new Uint8Array(100).fill(byte);
    using map = buffer.mmap();
    if (await this.#try(() => map.write(offset, data))) this.#expected(buffer).set(data, offset);
  }

  async #purge(buffer: BufferObject): Promise<void> {
    if (await this.#try(() => buffer.validate({ placement: [] }))) this.#bytes.set(buffer, this.#born(buffer));
  }

  #addWork(buffer: BufferObject, writes: boolean): void {
    const work = fence();
    this.#works.push(work);
    buffer.addFence(work, writes ? "write" : "read");
  }

  /** A job of the simulated GPU that fills the buffer, or finds what it must find, when it ends. */
  #submit(buffer: BufferObject, writes: boolean, byte: number): void {
    const isVisible = buffer.memoryType === "vram" || buffer.memoryType === "gtt";
    if (!(this.#driver instanceof RadeonSim) || !isVisible) return;
    const expected = this.#expected(buffer).slice();
    const program = ([contents]: readonly Contents[]) => {
      if (writes) contents?.bytes.fill(byte);
      else this.#compare(buffer, contents?.bytes ?? new Uint8Array(), expected);
    };
    this.#driver.submit({ buffers: [{ buffer, write: writes }], durationMs: 1, program });
    if (writes) this.#expected(buffer).fill(byte);
  }

  /** A validate that runs beside the next steps; none of them uses the buffer until it ends. */
  #start(buffer: BufferObject): void {
    this.#free.splice(this.#free.indexOf(buffer), 1);
    const started = this.#try(() => buffer.validate(only("vram"))).finally(() => {
      buffer.unreserve();
      this.#free.push(buffer);
      this.#started.delete(started);
    });
    this.#started.add(started);
  }

  #release(buffer: BufferObject): void {
    this.#free.splice(this.#free.indexOf(buffer), 1);
    this.#bytes.delete(buffer);
    buffer.unref();
  }

  #expected(buffer: BufferObject): Uint8Array {
    return this.#bytes.get(buffer) as Uint8Array;
  }

  async #try(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (error instanceof TtmError && ["EBUSY", "EIO", "ENOMEM", "ENOSPC"].includes(error.code)) return false;
      throw error;
    }
  }

  /** Whoever is clean has what is under the key; the keys of the caller are all there, read-only ones unchanged. */
  #check(): void {
    checkInvariants(this.#device);
    assertEquals(this.#wrong, []);
    for (const [buffer, [store, key]] of this.#source) {
      const kept = store.kept.get(key);
      assert(kept !== undefined, `${key} is gone`);
      const isSame = !buffer.clean || buffer.disposed || kept.every((byte, at) => byte === this.#expected(buffer)[at]);
      assert(isSame, `${buffer} is clean, and differs from ${key}`);
    }
    assertEquals(this.#frozen.calls.find((call) => !call.startsWith("read")), undefined);
    assertEquals(this.#home.calls.find((call) => call.startsWith("delete")), undefined);
  }

  /** Ends all work, compares all contents once more, releases all buffers and closes the device. */
  async end(): Promise<void> {
    this.#fail("fail nothing");
    for (const work of this.#works) work.signal();
    await Promise.all(this.#started);
    for (const buffer of this.#free.splice(0)) {
      assertEquals(buffer.tryReserve(), true);
      assert(await this.#read(buffer), `${buffer} cannot be read`);
      buffer.unreserve();
      this.#bytes.delete(buffer);
      buffer.unref();
    }
    await this.#device.close();
    this.#check();
    const { global } = this.#device;
    assertEquals([this.#swap.kept.size, global.usedPages, global.accountant.usedBytes], [0, 0, 0]);
  }
}

/** A tenth of a buffer, filled with one byte. */
function pieceOf({ bytes }: BufferObject, part: number, byte: number): { offset: number; data: Uint8Array } {
  const length = Math.floor(bytes / 10);
  return { offset: part * length, data: new Uint8Array(length).fill(byte) };
}

const gpu = { vram: VRAM * PAGE_SIZE, gtt: GTT * PAGE_SIZE, copyLatencyMs: 0.25, copyBytesPerMs: 8 * PAGE_SIZE };
const drivers: Readonly<Record<string, () => Driver>> = {
  "an immediate driver": () => new TestDriver({ vram: VRAM, gtt: GTT }),
  "an ordered driver with stops": () => new RadeonSim(gpu),
  "an ordered driver of two timelines": () => new RadeonSim({ ...gpu, copyEngines: 2, bindLatencyMs: 0.5 }),
};
for (const [name, makeDriver] of Object.entries(drivers)) {
  for (const isSlow of [false, true]) {
    const stores = isSlow ? "slow stores" : "stores";
    Deno.test(`on ${name} with ${stores} that fail, buffers that are born from a store lose nothing`, async () => {
      const steps = fc.array(step, { minLength: 1, maxLength: LONGEST, size: "max" });
      await fc.assert(
        fc.asyncProperty(steps, async (steps) => {
          const world = new World(makeDriver(), isSlow);
          for (const step of steps) await world.take(step);
          await world.end();
        }),
        { numRuns: RUNS },
      );
    });
  }
}
