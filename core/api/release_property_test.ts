import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UserMap } from "./user_map.ts";
import {
  type BufferObject,
  BulkMove,
  checkInvariants,
  type Fence,
  type Reservation,
  reserveList,
  TtmError,
} from "../mod.ts";
import { fence, only, put, testDevice } from "../testing_devices.ts";

const RUNS = 1000;
const LONGEST = 120;
const MOST = 4;

const at = fc.nat();
const step = fc.oneof(
  fc.record({ do: fc.constantFrom("create", "share", "ref", "unref", "unref", "unref"), at }),
  fc.record({ do: fc.constantFrom("reserve", "wait in line", "list", "fence a list", "pin", "end pin"), at }),
  fc.record({ do: fc.constantFrom("grab", "map", "touch", "map for the kernel", "bulk", "hold destruction"), at }),
  fc.record({ do: fc.constantFrom("end", "end", "end", "end early", "end early", "end again"), at }),
  fc.record({ do: fc.constantFrom("move", "purge", "evict", "swap out", "work", "signal"), at }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A disposable that has not been disposed of yet. */
interface Out {
  readonly kind: "lock" | "pin" | "keeper" | "other";
  readonly buffer: BufferObject | null;
  /** The reservation that it holds, if it is a lock. */
  readonly reservation: Reservation | null;
  readonly disposable: Disposable;
}

/** Buffers of one device, with the references and disposables that have not been released. */
class World {
  readonly #test = testDevice({ vram: 4, gtt: 4 });
  readonly #bulk = new BulkMove();
  /** The number of references that the test holds, without those of maps and grabs. */
  readonly #refs = new Map<BufferObject, number>();
  readonly #works: Fence[] = [];
  readonly #ended: Out[] = [];
  readonly #calls = new Set<Promise<unknown>>();
  #out: Out[] = [];

  async take({ do: act, at }: Step): Promise<void> {
    const buffer = pick([...this.#refs.keys()], at);
    if (act === "create") this.#create();
    else if (act === "end") this.#end(pick(this.#out, at));
    else if (act === "end again") this.#endAgain(pick(this.#ended, at));
    else if (act === "signal") this.#works.splice(at % (this.#works.length || 1), 1)[0]?.signal();
    else if (act === "hold destruction") this.#add("other", null, this.#test.device.holdDelayedDestroy());
    else if (act === "evict") this.#call(() => this.#test.device.evictFirst(at % 2 === 0 ? "vram" : "gtt"));
    else if (act === "swap out") this.#call(() => this.#test.device.swapOut());
    else if (buffer !== undefined) this.#use(buffer, act, at);
    for (let turn = 0; turn < 12; turn++) await null;
    this.#check();
  }

  #create(reservation?: Reservation): void {
    if (this.#refs.size >= MOST || reservation?.locked === true) return;
    this.#refs.set(put(this.#test.device, "system", reservation && { reservation }), 1);
  }

  #use(buffer: BufferObject, act: Step["do"], at: number): void {
    const lock = this.#out.find(({ kind, reservation }) => kind === "lock" && reservation === buffer.reservation);
    const map = this.#out.find(({ disposable, buffer: of }) => of === buffer && disposable instanceof UserMap);
    if (act === "unref") this.#unref(buffer);
    else if (act === "reserve") this.#lock(buffer, () => buffer.reserve({ noWait: true }));
    else if (act === "wait in line") this.#lock(buffer, () => buffer.reserve());
    else if (act === "list") this.#lock(buffer, () => reserveList([{ buffer }], { noWait: true }));
    else if (act === "end early") this.#endEarly(buffer, lock);
    else if (act === "touch") {
      this.#call(() => (map?.disposable as UserMap | undefined)?.write(0, new Uint8Array([at])));
    } else if (buffer.disposed) return;
    else if (act === "share") this.#create(buffer.reservation);
    else if (act === "ref") this.#refs.set(buffer.ref(), (this.#refs.get(buffer) ?? 0) + 1);
    else if (act === "grab") this.#grab(buffer);
    else if (act === "map") this.#add("keeper", buffer, buffer.mmap());
    else if (lock !== undefined) this.#useReserved(buffer, act, at);
  }

  #useReserved(buffer: BufferObject, act: Step["do"], at: number): void {
    if (act === "pin") this.#add("pin", buffer, buffer.pin());
    else if (act === "end pin") this.#unpin(buffer);
    else if (act === "bulk") buffer.setBulkMove(at % 2 === 0 ? this.#bulk : null);
    else if (act === "map for the kernel") this.#call(async () => this.#add("other", buffer, await buffer.map()));
    else if (act === "move") this.#call(() => buffer.validate(only(["vram", "gtt", "system"][at % 3] as string)));
    else if (act === "purge") this.#call(() => buffer.validate({ placement: [] }));
    else if (act === "work") {
      const work = fence();
      this.#works.push(work);
      buffer.addFence(work, "write");
    }
  }

  /** May fail only for the last reference of the test; never while it holds more. */
  #unref(buffer: BufferObject): void {
    const refs = this.#refs.get(buffer) ?? 0;
    if (refs === 0) return void assertThrows(() => buffer.unref(), TtmError, "Cannot release");
    const { reserved } = buffer;
    try {
      buffer.unref();
      this.#refs.set(buffer, refs - 1);
    } catch (error) {
      assert(
        refs === 1 && reserved && error instanceof TtmError && error.message.endsWith("it is reserved"),
        `${error}`,
      );
    }
    if (buffer.disposed) this.#refs.delete(buffer);
  }

  #lock(buffer: BufferObject, take: () => Promise<Disposable>): void {
    const { reservation } = buffer;
    this.#call(async () => this.#add("lock", buffer, await take(), reservation));
  }

  #grab(buffer: BufferObject): void {
    this.#call(async () => this.#add("keeper", buffer, await buffer.grabForCpuWrite()));
  }

  #unpin(buffer: BufferObject): void {
    const pin = this.#out.find((out) => out.kind === "pin" && out.buffer === buffer);
    if (pin === undefined) return;
    buffer.unpin();
    this.#forget(pin);
  }

  /** Unlocks a reservation explicitly; the disposable of that lock is stale then. */
  #endEarly(buffer: BufferObject, lock: Out | undefined): void {
    if (lock === undefined) return;
    buffer.unreserve();
    this.#forget(lock);
    this.#ended.push(lock);
  }

  #end(out: Out | undefined): void {
    if (out === undefined) return;
    this.#forget(out);
    this.#ended.push(out);
    out.disposable[Symbol.dispose]();
  }

  #endAgain(out: Out | undefined): void {
    const before = this.#picture();
    out?.disposable[Symbol.dispose]();
    assertEquals(this.#picture(), before);
  }

  #add(kind: Out["kind"], buffer: BufferObject | null, disposable: Disposable, reservation?: Reservation): void {
    this.#out.push({ kind, buffer, disposable, reservation: reservation ?? null });
  }

  #forget(out: Out): void {
    this.#out = this.#out.filter((other) => other !== out);
  }

  #picture(): unknown {
    const { device } = this.#test;
    const buffers = [...this.#refs.keys()].map(({ id, reserved, reservation, pins, cpuWriters }) => {
      return [id, reserved, reservation.waiting, pins, cpuWriters];
    });
    return [buffers, device.liveBuffers, device.dyingBuffers, device.lru("vram"), device.lru("gtt"), device.pinned];
  }

  /** Queues a call behind those before it. */
  #call(act: () => unknown): void {
    const called = Promise.resolve().then(act).catch((error) => {
      if (!(error instanceof TtmError && ["EBUSY", "EINVAL", "ENOMEM", "ENOSPC"].includes(error.code))) throw error;
    }).finally(() => this.#calls.delete(called));
    this.#calls.add(called);
  }

  #check(): void {
    checkInvariants(this.#test.device);
    for (const { kind, reservation } of this.#out) if (kind === "lock") assertEquals(reservation?.locked, true);
    for (const [buffer, refs] of this.#refs) {
      const of = (kind: Out["kind"]) => this.#out.filter((out) => out.kind === kind && out.buffer === buffer).length;
      assert(!buffer.disposed || refs + of("keeper") === 0, `${buffer} is gone, and ${of("keeper")} keep it`);
      if (!buffer.disposed) assertEquals(buffer.pins, of("pin"));
    }
    for (const buffer of this.#refs.keys()) if (buffer.disposed) this.#refs.delete(buffer);
  }

  /** Releases everything, in the order in which it was taken, and closes the device. */
  async finish(): Promise<void> {
    for (const work of this.#works) work.signal();
    for (let left = 1000; this.#calls.size > 0 || this.#out.length > 0; left--) {
      assert(left > 0, `${this.#calls.size} calls never end`);
      this.#end(this.#out[0]);
      for (let turn = 0; turn < 12; turn++) await null;
      this.#check();
    }
    for (const [buffer, refs] of this.#refs) for (let left = refs; left > 0; left--) buffer.unref();
    const { device } = this.#test;
    await device.close();
    assertEquals(device.memoryTypes.map((type) => device.usage(type).usedPages), [0, 0, 0]);
    assertEquals([device.liveBuffers, device.dyingBuffers], [0, 0]);
  }
}

function pick<Value>(from: readonly Value[], at: number): Value | undefined {
  return from[at % (from.length || 1)];
}

Deno.test("with any references, maps, grabs and pins in any order, no buffer is freed too early, and none is leaked", async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: LONGEST, size: "max" });
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const world = new World();
      for (const step of steps) await world.take(step);
      await world.finish();
    }),
    { numRuns: RUNS },
  );
});
