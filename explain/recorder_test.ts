import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  BoDevice,
  type BufferObject,
  PAGE_SIZE,
  type Placement,
  SimulatedClock,
  type Tracer,
  TtmError,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { type BufferEvent, recorder, type RecorderOptions, type RecordEvent } from "./mod.ts";

const only = (memoryType: string): Placement => ({ placement: [{ memoryType }] });

function recorded(options: RecorderOptions = {}, vramPages = 8) {
  const made = recorder(options);
  const driver = new RadeonSim({ vram: vramPages * PAGE_SIZE, gtt: 64 * PAGE_SIZE, contents: "stamps" });
  const clock = new SimulatedClock();
  const managers = { vram: firstFit(), gtt: firstFit() };
  const device = new BoDevice({ driver, managers, clock, tracer: made.tracer });
  const make = (pages: number, label?: string) => device.createBuffer({ bytes: pages * PAGE_SIZE, label });
  const use = async (buffer: BufferObject, memoryType: string) => {
    using _reservation = await buffer.reserve();
    await buffer.validate(only(memoryType));
  };
  const events = () => [...made.record().events];
  return { ...made, device, driver, clock, make, use, events };
}

type Found<Kind> = Kind extends BufferEvent["kind"] ? BufferEvent : Extract<RecordEvent, { kind: Kind }>;

/** The events of a kind, without their times. */
function of<Kind extends RecordEvent["kind"]>(events: readonly RecordEvent[], kind: Kind) {
  return events.flatMap((event) => {
    const { time: _, ...rest } = event;
    return event.kind === kind ? [rest as Omit<Found<Kind>, "time">] : [];
  });
}

Deno.test("an eviction is tied to the operation, the buffer, the place and the pages that it was for", async () => {
  const { make, use, events, clock } = recorded({ tagOf: ({ label }) => `tag of ${label}` });
  const [a, b, c] = [make(4, "a"), make(4, "b"), make(6, "c")];
  for (const buffer of [a, b]) await use(buffer, "vram");
  clock.advanceTo(5);
  await use(c, "vram");
  clock.runUntilIdle();
  const seen = events();
  const { tag, label, size, pages } = seen.find(({ kind }) => kind === "create") as Extract<
    RecordEvent,
    { kind: "create" }
  >;
  assertEquals([tag, label, size, pages], ["tag of a", "a", 4 * PAGE_SIZE, 4]);
  const evictions = of(seen, "move").filter(({ eviction }) => eviction !== null);
  const cause = { forBuffer: 2, pages: 6, place: { memoryType: "vram", fpfn: 0, lpfn: 0 }, passedOver: [] };
  assertEquals(
    evictions.map(({ buffer, from, operation, eviction }) => ({ buffer, from, operation, eviction })),
    [
      { buffer: 0, from: { memoryType: "vram", start: 0 }, operation: 6, eviction: { ...cause, position: 0 } },
      { buffer: 1, from: { memoryType: "vram", start: 4 }, operation: 6, eviction: { ...cause, position: 1 } },
    ],
  );
  const operation = of(seen, "operation").find(({ operation }) => operation === 6);
  assertEquals([operation?.name, operation?.buffer, operation?.submission], ["validate", 2, null]);
  const times = seen.map(({ time }) => time);
  assertEquals(times, times.toSorted((x, y) => x - y));
  assert(evictions.every(({ end }) => end !== null && end > 5));
});

Deno.test("those that were passed over are named with their reasons, at most 16", async () => {
  const { make, use, events } = recorded({}, 24);
  const buffers = Array.from({ length: 24 }, () => make(1));
  for (const buffer of buffers) await use(buffer, "vram");
  const [pinned, ...others] = buffers.slice(0, 20);
  pinned?.tryReserve();
  pinned?.pin();
  for (const buffer of others) buffer.tryReserve();
  await use(make(1), "vram");
  const [eviction] = of(events(), "move").flatMap(({ eviction }) => eviction ?? []);
  assertEquals(eviction?.position, 20);
  const reasons = eviction?.passedOver.map(({ buffer, reason }) => `${buffer} ${reason}`);
  assertEquals(reasons, ["0 pinned", ...others.slice(0, 15).map(({ id }) => `${id} reserved`)]);
});

Deno.test("a submission ties its operation to its ticket, and evicts what is not its own", async () => {
  const { device, driver, make, use, events } = recorded();
  const [mine, other, wanted] = [make(3), make(3), make(5)];
  for (const buffer of [mine, other]) await use(buffer, "vram");
  const entries = [mine, wanted].map((buffer) => ({ buffer, placement: only("vram") }));
  await device.submit(entries, () => driver.submit({ buffers: [{ buffer: wanted, write: true }], durationMs: 1 }));
  const seen = events();
  const operation = of(seen, "operation").find(({ name }) => name === "submit");
  assertEquals([operation?.buffer, operation?.submission], [null, 1]);
  const [evicted] = of(seen, "move").filter(({ eviction }) => eviction !== null);
  assertEquals([evicted?.buffer, evicted?.operation], [1, operation?.operation]);
  assertEquals(evicted?.eviction?.passedOver, [{ buffer: 0, reason: "same submission" }]);
  assertEquals(of(seen, "use").slice(-2).map(({ buffer }) => buffer), [0, 2]);
});

Deno.test("a failure has its operation, code and message with those who keep the room", async () => {
  const { make, use, events } = recorded();
  const [kept, wanted] = [make(6, "scanout"), make(6)];
  await use(kept, "vram");
  kept.tryReserve();
  kept.pin();
  await use(wanted, "vram").catch(() => {});
  const seen = events();
  const [failure] = of(seen, "failure");
  const operation = of(seen, "operation").findLast(({ name }) => name === "validate");
  assertEquals([failure?.operation, failure?.buffer, failure?.code], [operation?.operation, 1, "ENOMEM"]);
  const why = 'no room for 6 pages; vram: no room (1 pinned); kept: buffer 0 "scanout" (6 pages, pinned)';
  assertEquals(failure?.message, `Cannot validate buffer 1: ${why}`);
});

Deno.test("waits have what they waited for, whose it is, and when they ended", async () => {
  const { device, driver, clock, make, use, events } = recorded();
  const buffer = make(2);
  await use(buffer, "vram");
  clock.runUntilIdle();
  const from = clock.now();
  buffer.tryReserve();
  await device.evictFirst("gtt");
  const fence = driver.submit({ buffers: [{ buffer, write: true }], durationMs: 7 });
  const read = buffer.wait();
  const reserved = buffer.reserve();
  await read;
  buffer.unreserve();
  (await reserved)[Symbol.dispose]();
  assert(fence.signalled);
  const seen = events();
  const waits = of(seen, "wait").slice(-2);
  const nameOf = (number: number) => of(seen, "operation").find(({ operation }) => operation === number)?.name;
  assertEquals(waits.map(({ what, buffer, operation }) => [what, buffer, nameOf(operation)]), [
    ["fence", 0, "wait"],
    ["reservation", 0, "reserve"],
  ]);
  assertEquals(waits.map(({ end }) => end === clock.now()), [true, true]);
  assert(clock.now() >= from + 7);
});

Deno.test("pins, purges, frees and ends are recorded", async () => {
  const { make, use, events, clock } = recorded();
  const buffer = make(2);
  await use(buffer, "vram");
  buffer.tryReserve();
  const pins = [buffer.pin(), buffer.pin()];
  for (const pin of pins) pin[Symbol.dispose]();
  buffer.unreserve();
  await use(buffer, "gtt");
  buffer.tryReserve();
  await buffer.validate({ placement: [] });
  buffer.unlock();
  buffer.unref();
  clock.runUntilIdle();
  const kinds = events().map(({ kind }) => kind).filter((kind) => !["operation", "move", "use"].includes(kind));
  assertEquals(kinds, ["create", "pin", "unpin", "free", "purge", "destroy"]);
});

Deno.test("when the ring is full the oldest events are lost, and the state before the others is told", async () => {
  const { make, use, record, device } = recorded({ events: 12 });
  const [a, b, gone] = [make(2, "a"), make(2, "b"), make(1)];
  for (const buffer of [a, b, gone]) await use(buffer, "vram");
  b.tryReserve();
  b.pin();
  b.unreserve();
  gone.unref();
  for (let time = 0; time < 30; time++) await use(a, time % 2 === 0 ? "gtt" : "vram");
  const { header, events } = record();
  const all = [...events];
  assert(header.lost > 60);
  assertEquals(of(all, "create").map(({ label }) => label), ["a", "b"]);
  assertEquals(all.slice(0, 5).map(({ kind }) => kind), ["create", "create", "move", "move", "pin"]);
  const placed = all.slice(2, 4).map((event) => event.kind === "move" ? event.to.memoryType : null);
  const [firstMove] = of(all.slice(5), "move");
  assertEquals(placed, [firstMove?.from?.memoryType ?? null, "vram"]);
  const times = all.map(({ time }) => time);
  assertEquals(times, times.toSorted((x, y) => x - y));
  assertEquals(device.usage("vram").residents >= 1, true);
});

Deno.test("what a full ring keeps is what a large one has, to the time", async () => {
  async function run(kept: number) {
    const { make, clock, events } = recorded({ events: kept });
    const buffers = [make(3), make(4), make(5)];
    const range = { placement: [{ memoryType: "vram", fpfn: 1, lpfn: 8 }] };
    for (let step = 0; step < 2000; step++) {
      if (step % 3 === 0) clock.advanceTo(clock.now() + 0.5);
      const buffer = buffers[step % 3] as BufferObject;
      using _reservation = await buffer.reserve();
      await buffer.validate(range);
    }
    clock.runUntilIdle();
    return events();
  }
  const [some, all] = [await run(100), await run(100_000)];
  assertEquals(some.slice(-100), all.slice(-100));
  const places = of(all, "move").flatMap(({ eviction }) => eviction?.place ?? []);
  assertEquals(places.at(-1), { memoryType: "vram", fpfn: 1, lpfn: 8 });
});

Deno.test("priorities are recorded, and told of the state before what a full ring has kept", async () => {
  async function run(kept: number) {
    const { device, use, events } = recorded({ events: kept });
    const buffer = device.createBuffer({ bytes: 1, priority: 1 });
    for (const priority of [1, 3, 2]) {
      await use(buffer, "vram");
      using _reservation = await buffer.reserve();
      buffer.setPriority(priority);
    }
    return events();
  }
  const [all, some, last] = [await run(100), await run(2), await run(1)];
  assertEquals(of(all, "create").map(({ priority }) => priority), [1]);
  assertEquals(of(all, "priority"), [
    { kind: "priority", buffer: 0, from: 1, to: 3 },
    { kind: "priority", buffer: 0, from: 3, to: 2 },
  ]);
  assertEquals([of(some, "create")[0]?.priority, of(some, "priority").length], [3, 1]);
  assertEquals([of(last, "create")[0]?.priority, of(last, "priority").length], [2, 0]);
});

Deno.test("a record does not change with what happens later", async () => {
  const { make, use, record, events } = recorded({ events: 4 });
  const buffer = make(1);
  await use(buffer, "vram");
  const { events: before } = record();
  const copy = [...before];
  for (let time = 0; time < 10; time++) await use(buffer, time % 2 === 0 ? "gtt" : "vram");
  assertEquals([...before], copy);
  assert(events().length < 10);
});

Deno.test("a recorder lets another tracer see everything, and sees what that one sees", async () => {
  const seen: string[] = [];
  class Watch implements Tracer {
    #name = "watch";
    move(): void {
      seen.push(this.#name);
    }
  }
  const { make, use, events } = recorded({ tracer: new Watch() });
  await use(make(1), "vram");
  assertEquals([seen, of(events(), "move").length], [["watch"], 1]);
});

Deno.test("a buffer belongs to the first client that has a handle of it", () => {
  const { device, events } = recorded();
  const [game, compositor] = [device.openClient("game"), device.openClient("compositor")];
  const handle = game.createBuffer({ bytes: 1 });
  game.share(handle, compositor);
  assertEquals(of(events(), "create").map(({ client }) => client), ["game"]);
});

Deno.test("a recorder is for one device, and refuses options that make no sense", () => {
  const { tracer, record } = recorder();
  const refused = (act: () => unknown, message: string) => {
    const error = assertThrows(act, TtmError);
    assertEquals([error.code, error.message], ["EINVAL", message]);
  };
  refused(record, "Cannot record: no device was created with the recorder's tracer");
  const make = () => {
    const driver = new RadeonSim({ vram: PAGE_SIZE, gtt: PAGE_SIZE });
    return new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, tracer });
  };
  make();
  refused(make, "Cannot record: the recorder has a device already");
  refused(
    () => recorder({ events: 0 }),
    "Cannot make a recorder: events must be a whole number from 1 to 16777216, not 0",
  );
  refused(() => recorder({ run: 1 as never }), "Cannot make a recorder: run must be a string, not 1");
  refused(() => recorder({ tagOf: 1 as never }), "Cannot make a recorder: tagOf must be a function, not 1");
});
