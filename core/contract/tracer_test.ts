import { assertEquals, assertStrictEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import {
  accountedSize,
  BoDevice,
  type BufferObject,
  type Clock,
  type Fence,
  type MoveEvent,
  SimulatedClock,
  type TracedOperation,
  type Tracer,
} from "../mod.ts";
import { addWork, only, place, put, StoppedClock, TestDriver, whileReserved } from "../testing_devices.ts";

function traced(tracer: Tracer, ordered = false, clock: Clock = new StoppedClock()) {
  const driver = new TestDriver({ ordered });
  const managers = { gtt: firstFit(), vram: firstFit() };
  return { driver, device: new BoDevice({ driver, managers, tracer, clock }) };
}

Deno.test("a tracer is told when buffers are created, moved, purged and freed", () => {
  const seen: string[] = [];
  const { device } = traced({
    create: (buffer) => seen.push(`create ${buffer.id}`),
    move: ({ buffer }) => seen.push(`move ${buffer.id}`),
    purge: (buffer) => seen.push(`purge ${buffer.id}`),
    destroy: (buffer) => seen.push(`destroy ${buffer.id} in ${buffer.memoryType}`),
  });
  const [first, second] = [put(device, "vram"), put(device, "gtt")];
  place(first, { placement: [] });
  place(first, { placement: [] }); // nothing left to take
  first.unref();
  second.unref();
  assertEquals(seen, [
    ...["create 0", "move 0", "create 1", "move 1"],
    ...["purge 0", "destroy 0 in null", "destroy 1 in gtt"],
  ]);
});

Deno.test("a move event has buffer, reason, source, destination, outcome, fence, time, and the buffer that needed the room", () => {
  const events: MoveEvent[] = [];
  const clock = new SimulatedClock();
  const keep = ({ time, from, to, ...rest }: MoveEvent) => {
    events.push({ ...rest, time, from: from && { ...from }, to: { ...to } });
  };
  const { device, driver } = traced({ move: keep }, true, clock);
  const buffer = put(device, only("vram", { fpfn: 2 }));
  const [clear] = driver.copies;
  driver.finishCopy();
  clock.advanceTo(7);
  place(buffer, "gtt");
  const [copy] = driver.copies;
  const operation = events[0]?.operation as TracedOperation;
  assertEquals(events, [
    {
      buffer,
      evict: false,
      dropped: false,
      from: null,
      to: { memoryType: "vram", typeIndex: 2, start: 2 },
      failure: null,
      fence: clear?.fence ?? null,
      time: 0,
      forBuffer: buffer,
      operation,
      eviction: null,
    },
    {
      buffer,
      evict: false,
      dropped: false,
      from: { memoryType: "vram", typeIndex: 2, start: 2 },
      to: { memoryType: "gtt", typeIndex: 1, start: 0 },
      failure: null,
      fence: copy?.fence ?? null,
      time: 7,
      forBuffer: buffer,
      operation,
      eviction: null,
    },
  ]);
});

Deno.test("all moves of a device are told by one object, which tells of the last one", () => {
  const events = new Set<MoveEvent>();
  const { device } = traced({ move: (event) => events.add(event) });
  put(device, "vram", { pages: 8 });
  const second = put(device, "vram", { pages: 8 });
  assertEquals([...events].map(({ buffer, from, eviction }) => [buffer, from, eviction]), [[second, null, null]]);
});

Deno.test("a move event names the buffer for which others were evicted, or null", async () => {
  const events: string[] = [];
  const note = ({ buffer, from, to, forBuffer }: MoveEvent) =>
    events.push(
      `${buffer.label} ${from?.memoryType ?? "nowhere"}>${to.memoryType} for ${forBuffer?.label ?? "nobody"}`,
    );
  const seen = () => events.splice(0);
  const { device, driver } = traced({ move: note });
  const a = put(device, "vram", { label: "a", pages: 8 });
  const b = put(device, "vram", { label: "b", pages: 8 });
  const own = ["a nowhere>vram for a", "a vram>gtt for b", "b nowhere>vram for b"];
  assertEquals(seen(), own);
  place(a, "system");
  assertEquals(seen(), ["a gtt>system for a"]);
  driver.stop = (from, to) => from === "vram" && to === "system" ? { memoryType: "gtt" } : null;
  driver.evict = () => only("system");
  await whileReserved(a, () => a.validate(only("vram")));
  const hops = ["b vram>system for a", "b vram>gtt for a", "b gtt>system for a"];
  assertEquals(seen(), [...hops, "a system>vram for a"]);
  await device.evictAll("vram");
  await whileReserved(b, () => b.read());
  assertEquals(seen(), ["a vram>system for nobody", "a vram>gtt for nobody", "a gtt>system for nobody"]);
});

const needsPages: Readonly<Record<string, (buffer: BufferObject) => Promise<unknown>>> = {
  "populate()": (buffer) => whileReserved(buffer, () => buffer.populate()),
  "write()": (buffer) => whileReserved(buffer, () => buffer.write(new Uint8Array([1]))),
  "map()": (buffer) => whileReserved(buffer, () => buffer.map()),
  "a user's map": async (buffer) => {
    using map = buffer.mmap();
    await map.read(0, 1);
  },
};

for (const [name, act] of Object.entries(needsPages)) {
  Deno.test(`a move event names the buffer for which ${name} swapped others out`, async () => {
    const events: string[] = [];
    const move = ({ buffer, to, forBuffer }: MoveEvent) =>
      events.push(`${buffer.id} ${to.memoryType} ${forBuffer?.id}`);
    const parts = { driver: new TestDriver(), managers: { gtt: firstFit(), vram: firstFit() } };
    const device = new BoDevice({ ...parts, clock: new StoppedClock(), limits: { pages: 1 }, tracer: { move } });
    put(device, "gtt");
    await act(put(device, "system"));
    assertEquals(events, ["0 gtt 0", "1 system 1", "0 system 1"]);
  });
}

Deno.test("a move event names the buffer for whose creation others were swapped out", () => {
  const events: string[] = [];
  const move = ({ buffer, to, forBuffer }: MoveEvent) => events.push(`${buffer.id} ${to.memoryType} ${forBuffer?.id}`);
  const parts = { driver: new TestDriver(), managers: { gtt: firstFit(), vram: firstFit() } };
  const maxBytes = accountedSize(8192) + 8192;
  const limits = { zones: [{ name: "kernel", bytes: 1 << 20, maxBytes, swapBytes: 1 << 20 }] };
  const device = new BoDevice({ ...parts, clock: new StoppedClock(), limits, tracer: { move } });
  put(device, "gtt", { pages: 2 });
  device.createBuffer({ bytes: 4096 });
  assertEquals(events, ["0 gtt 0", "0 system 1"]);
});

Deno.test("a move event of a failure has its code, and comes before anything is undone", () => {
  const events: (string | null)[] = [];
  const { device, driver } = traced({ move: ({ failure, buffer }) => events.push(failure, buffer.memoryType) });
  const buffer = put(device, "system");
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  whileReserved(buffer, () => {
    try {
      buffer.tryValidate(only("vram"));
    } catch {
      events.push("caught");
    }
  });
  assertEquals(events, [null, null, "EIO", "system", "caught"]);
});

Deno.test("a tracer is told of every wait, and not of fences that have signalled", async () => {
  const waits: Fence[] = [];
  const { device } = traced({ wait: (fence) => waits.push(fence) });
  const buffer: BufferObject = put(device, "vram");
  const work = addWork(buffer);
  buffer.tryReserve();
  await buffer.validate(only("gtt"), { noWait: true }).catch(() => {});
  assertEquals(waits, []);
  const moved = buffer.validate(only("gtt"));
  assertEquals(waits.length, 1);
  assertStrictEquals(waits[0], work);
  work.signal();
  await moved;
  assertEquals(waits.length, 1);
});
