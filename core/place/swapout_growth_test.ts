import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BulkMove } from "../mod.ts";
import type { BoDevice, BufferObject } from "../mod.ts";
import type { DeviceState } from "../state/device_state.ts";
import { put, testDevice } from "../testing_devices.ts";

/** A buffer with pages in SYSTEM. */
async function populated(device: BoDevice, options = {}): Promise<BufferObject> {
  const buffer = put(device, "system", options);
  using _reservation = await buffer.reserve();
  await buffer.populate();
  return buffer;
}

/** Counts the buffers that walks of a device look at. */
function countVisits(buffer: BufferObject): { count: number } {
  const visits = { count: 0 };
  const { resources } = Reflect.get(buffer, "state") as DeviceState;
  const look = resources.buffer.bind(resources);
  resources.buffer = (row) => {
    visits.count++;
    return look(row);
  };
  return visits;
}

Deno.test("swapOut() until nothing is left looks at each buffer a few times, however many there are", async () => {
  const count = 4000;
  const { device } = testDevice();
  const buffers: BufferObject[] = [];
  for (let at = 0; at < count; at++) buffers.push(await populated(device, { priority: at % 4 }));
  const visits = countVisits(buffers[0] as BufferObject);
  let calls = 0;
  while (await device.swapOut() > 0) calls++;
  assertEquals([calls, buffers.every(({ swapped }) => swapped)], [count, true]);
  assert(visits.count >= count && visits.count <= 8 * count, `${visits.count} visits`);
});

Deno.test("a buffer that comes back and goes out again and again costs no walk over those that are out", async () => {
  const count = 1000;
  const { device } = testDevice();
  const buffers: BufferObject[] = [];
  for (let at = 0; at < count; at++) buffers.push(await populated(device));
  while (await device.swapOut() > 0);
  const visits = countVisits(buffers[0] as BufferObject);
  for (const buffer of buffers) {
    await buffer.reserve();
    await buffer.populate();
    buffer.unreserve();
    assertEquals([await device.swapOut(), buffer.swapped], [1, true]);
  }
  assert(visits.count <= 16 * count, `${visits.count} visits`);
});

Deno.test("swapOut() finds buffers that a bulk move has passed", async () => {
  const { device } = testDevice();
  const a = await populated(device);
  const b = await populated(device, { reservation: a.reservation });
  const c = await populated(device);
  const bulk = new BulkMove();
  await a.reserve();
  for (const buffer of [a, b]) buffer.setBulkMove(bulk);
  a.unlock();
  assertEquals(device.lru("system")[0], [a, b, c]);
  for (const buffer of [a, b]) assertEquals([await device.swapOut(), buffer.swapped], [1, true]);
  await b.reserve();
  await b.populate();
  b.unlock();
  bulk.moveToTail();
  assertEquals(device.lru("system")[0], [c, a, b]);
  assertEquals([await device.swapOut(), b.swapped, c.swapped], [1, false, true]);
});

const actions = [
  "populate",
  "populate and touch",
  "touch",
  "priority",
  "bulk",
  "tail",
  "move",
  "free",
  "swap out",
] as const;

Deno.test("swapOut() takes the first buffer with pages in the order of eviction, whatever came before", async () => {
  const step = fc.tuple(fc.constantFrom(...actions, "swap out", "swap out"), fc.nat(7));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const { device } = testDevice();
      const bulk = new BulkMove();
      const first = await populated(device);
      const make = (at: number) => populated(device, at < 5 ? { reservation: first.reservation } : {});
      const buffers: BufferObject[] = [first];
      for (let at = 1; at < 8; at++) buffers.push(await make(at));
      for (const [action, at] of steps) {
        const buffer = buffers[at] as BufferObject;
        if (action === "swap out") {
          const order = [...device.lru("system").flat(), ...device.lru("gtt").flat()];
          const victim = order.find(({ tt }) => tt?.populated === true);
          assertEquals(await device.swapOut(), victim?.pages ?? 0);
          assertEquals(victim?.tt?.populated ?? false, false, `${victim} still has its pages`);
        } else if (action === "tail") bulk.moveToTail();
        else if (action === "free") {
          if (at === 0) continue;
          buffer.unref();
          buffers[at] = await make(at);
        } else {
          await buffer.reserve();
          if (action === "priority") buffer.setPriority((buffer.priority + 1) % 4);
          if (action === "bulk" && at < 5) buffer.setBulkMove(buffer.bulkMove === null ? bulk : null);
          if (action === "move") buffer.tryValidate({ placement: [{ memoryType: at % 2 === 0 ? "gtt" : "system" }] });
          if (action.startsWith("populate")) await buffer.populate();
          if (action === "populate and touch" || action === "touch") buffer.unreserve();
          else buffer.unlock();
        }
      }
    }),
    { numRuns: 300 },
  );
});
