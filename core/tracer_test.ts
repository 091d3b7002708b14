import { assertEquals, assertStrictEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, type BufferObject, type Fence, type MoveEvent, type Tracer } from "./mod.ts";
import { addWork, only, place, put, StoppedClock, TestDriver, whileReserved } from "./testing_devices.ts";

function traced(tracer: Tracer, ordered = false) {
  const driver = new TestDriver({ ordered });
  const managers = { gtt: firstFit(), vram: firstFit() };
  return { driver, device: new BoDevice({ driver, managers, tracer, clock: new StoppedClock() }) };
}

Deno.test("a tracer sees buffers come, move, be purged and go", () => {
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

Deno.test("a move event says who, why, from where to where, how it ended, and what to wait for", () => {
  const events: MoveEvent[] = [];
  const { device, driver } = traced({ move: (event) => events.push(event) }, true);
  const buffer = put(device, only("vram", { fpfn: 2 }));
  const [clear] = driver.copies;
  driver.finishCopy();
  place(buffer, "gtt");
  const [copy] = driver.copies;
  assertEquals(events, [
    {
      buffer,
      evict: false,
      from: null,
      to: { memoryType: "vram", start: 2 },
      failure: null,
      fence: clear?.fence ?? null,
    },
    {
      buffer,
      evict: false,
      from: { memoryType: "vram", start: 2 },
      to: { memoryType: "gtt", start: 0 },
      failure: null,
      fence: copy?.fence ?? null,
    },
  ]);
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

Deno.test("a tracer is told of every wait, and not of what need not be waited for", async () => {
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
