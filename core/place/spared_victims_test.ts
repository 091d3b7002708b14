import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, type BufferObject, type BufferView, checkInvariants, type EvictionPolicy, lru } from "../mod.ts";
import { addWork, only, pin, put, refused, testDevice, TestDriver, whileReserved } from "../testing_devices.ts";

/** VRAM of 8 pages that is full of buffers of these sizes; the driver would keep those with these numbers. */
function fullVram(sizes: readonly number[], kept: readonly number[], scan = false) {
  const { device, driver, moves } = testDevice({ managers: { vram: firstFit({ scan }) } });
  const victims = sizes.map((pages) => put(device, "vram", { pages }));
  const asked: number[] = [];
  const evictionValuable = ({ id }: BufferView) => {
    asked.push(id);
    return !kept.includes(id);
  };
  Object.assign(driver, { evictionValuable });
  return { device, driver, moves, victims, asked };
}

const where = (buffers: readonly BufferObject[]) => buffers.map(({ memoryType }) => memoryType);

Deno.test("what the driver holds to be worth keeping is evicted after all others, and before ENOMEM", () => {
  const { device, victims } = fullVram([2, 2, 4], [0]);
  put(device, "vram", { pages: 2 }).unref();
  assertEquals(where(victims), ["vram", "gtt", "vram"]);
  put(device, "vram", { pages: 6 }).unref();
  assertEquals(where(victims), ["vram", "gtt", "gtt"]);
  put(device, "vram", { pages: 8 });
  assertEquals(where(victims), ["gtt", "gtt", "gtt"]);
  checkInvariants(device);
});

Deno.test("neighbours that make room together are chosen among those not worth keeping, if there are such", () => {
  const { device, victims } = fullVram([2, 2, 2, 2], [0, 1], true);
  put(device, "vram", { pages: 4 }).unref();
  assertEquals(where(victims), ["vram", "vram", "gtt", "gtt"]);
  const other = fullVram([2, 2, 2, 2], [0, 2], true);
  put(other.device, "vram", { pages: 8 });
  assertEquals(where(other.victims), ["gtt", "gtt", "gtt", "gtt"]);
});

Deno.test("the driver is not asked about the pinned, the reserved and the dying", () => {
  const { device, victims, asked } = fullVram([2, 2, 2, 2], []);
  const [pinned, reserved, dying, other] = victims as [BufferObject, BufferObject, BufferObject, BufferObject];
  pin(pinned);
  const work = addWork(dying);
  dying.unref();
  work.signal();
  whileReserved(reserved, () => put(device, "vram", { pages: 4 }));
  assertEquals([asked, where([pinned, reserved, other])], [[other.id], ["vram", "vram", "gtt"]]);
});

Deno.test("a report of ENOMEM counts each buffer once, though two searches have met it", async () => {
  const { device, victims } = fullVram([4, 4], [1]);
  for (const victim of victims) pin(victim);
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  const error = await refused(() => buffer.validate(only("vram")), "ENOMEM", "no room (2 pinned)");
  assertEquals(error.report?.kept.length, 2);
});

/** How many candidates are visited to evict one of so many buffers, all of which but the last ones are hinted. */
function visitsAmongHinted(count: number, others: number): number {
  const inner = lru();
  let visits = 0;
  const policy: EvictionPolicy = {
    name: "counted",
    insert: (...rest) => inner.insert(...rest),
    touch: (entry) => inner.touch(entry),
    remove: (...rest) => inner.remove(...rest),
    candidates(memoryType) {
      const walk = inner.candidates(memoryType);
      return { next: () => (visits++, walk.next()), close: () => walk.close() };
    },
  };
  const driver = new TestDriver({ vram: count, gtt: 2 * count });
  const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, policy });
  const buffers = Array.from({ length: count }, () => put(device, "vram"));
  device.hint(buffers.slice(0, count - others));
  put(device, "vram");
  assertEquals(buffers[others === 0 ? 0 : count - others]?.memoryType, "gtt");
  const visited = visits;
  checkInvariants(device);
  return visited;
}

Deno.test("a search for a victim spares the hinted as long as there are others, and visits few if there are none", () => {
  // One more tells who would leave without hints.
  assertEquals([visitsAmongHinted(100, 0), visitsAmongHinted(2000, 0)], [2, 2]);
  assertEquals(visitsAmongHinted(100, 1), 101);
});
