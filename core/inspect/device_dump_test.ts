import { assertEquals } from "@std/assert";
import type { DumpedBuffer } from "../mod.ts";
import { addWork, fill, pin, place, put, testDevice, touch } from "../testing_devices.ts";

const owner: Omit<DumpedBuffer, "id"> = {
  label: null,
  state: "live",
  priority: 0,
  pins: 0,
  reserved: false,
  busy: false,
  swapped: false,
};

Deno.test("dump() lists every memory type, the buffers in it with their ranges, and the order of eviction", () => {
  const { device } = testDevice({ vram: 8, gtt: 16 });
  const first = put(device, "vram", { pages: 2, priority: 1, label: "first" });
  put(device, "vram", { pages: 1 });
  pin(put(device, "vram", { pages: 3 }));
  put(device, "gtt");
  put(device, "system");
  device.createBuffer({ bytes: 1 });
  first.tryReserve();
  const dump = device.dump();
  assertEquals(JSON.parse(JSON.stringify(dump)), dump);
  const { memoryTypes: [system, gtt, vram], ...others } = dump;
  const unplaced = [{ id: 5, ...owner }];
  assertEquals(others, { time: 0, driver: "test", policy: "lru", hostPages: 1, unplaced, groups: [] });
  const place = { start: 0, pages: 1, caching: "cached" as const };
  assertEquals(system, {
    ...{ name: "system", pages: 0, usedPages: 1, fixed: false, usable: true, manager: null },
    places: [{ ...place, owner: { id: 4, ...owner } }],
    evictionOrder: [0],
  });
  assertEquals(gtt, {
    ...{ name: "gtt", pages: 16, usedPages: 1, fixed: false, usable: true, manager: "first-fit" },
    places: [{ ...place, owner: { id: 3, ...owner } }],
    evictionOrder: [0],
  });
  assertEquals(vram, {
    ...{ name: "vram", pages: 8, usedPages: 6, fixed: true, usable: true, manager: "first-fit" },
    places: [
      { start: 0, pages: 2, caching: "wc", owner: { id: 0, ...owner, label: "first", priority: 1, reserved: true } },
      { start: 2, pages: 1, caching: "wc", owner: { id: 1, ...owner } },
      { start: 3, pages: 3, caching: "wc", owner: { id: 2, ...owner, pins: 1 } },
    ],
    evictionOrder: [1, 0],
  });
});

Deno.test("dump() sorts by address, and shows the present order of eviction", () => {
  const { device } = testDevice();
  const buffers = [4, 0, 2].map((fpfn) => put(device, { placement: [{ memoryType: "vram", fpfn, lpfn: fpfn + 1 }] }));
  const seen = () => {
    const vram = device.dump().memoryTypes[2];
    return [vram?.places.map(({ start, owner }) => [start, owner.id]), vram?.evictionOrder];
  };
  assertEquals(seen(), [[[0, 1], [2, 2], [4, 0]], [2, 0, 1]]);
  touch(buffers[1] ?? assertNever());
  assertEquals(seen(), [[[0, 1], [2, 2], [4, 0]], [2, 1, 0]]);
});

Deno.test("dump() marks dying buffers, ghost objects and swapped out buffers", async () => {
  const { device, driver } = testDevice({ ordered: true });
  const [dying, moved, swapped] = [put(device, "vram"), put(device, "vram"), put(device, "system")];
  driver.finishCopy();
  driver.finishCopy();
  await fill(swapped, 1);
  await device.swapOut();
  addWork(dying);
  dying.unref();
  place(moved, "gtt");
  device.setUsed("gtt", false);
  const [system, gtt, vram] = device.dump().memoryTypes;
  assertEquals(system?.places.map(({ owner }) => [owner.id, owner.swapped, owner.busy]), [[2, true, false]]);
  assertEquals([gtt?.usable, gtt?.places.map(({ owner }) => [owner.id, owner.busy])], [false, [[1, true]]]);
  assertEquals(vram?.places.map(({ owner }) => [owner.id, owner.state]), [[0, "dying"], [1, "ghost"]]);
});

function assertNever(): never {
  throw new Error("there is no such buffer");
}

Deno.test("dump() shows groups with what they use of each memory type and their limits", () => {
  const { device } = testDevice({ vram: 8, gtt: 16 });
  const parent = device.createGroup("games", { limits: { vram: { min: 4096, max: 16384 } } });
  const group = device.createGroup("chess", { parent, limits: { gtt: { low: 8192 } } });
  put(device, "vram", { pages: 2, group });
  const { groups } = device.dump();
  assertEquals(JSON.parse(JSON.stringify(groups)), groups);
  assertEquals(groups, [{
    name: "games",
    parent: null,
    usage: [
      { memoryType: "gtt", usedBytes: 0, min: 0, low: 0, max: null },
      { memoryType: "vram", usedBytes: 8192, min: 4096, low: 0, max: 16384 },
    ],
  }, {
    name: "chess",
    parent: 0,
    usage: [
      { memoryType: "gtt", usedBytes: 0, min: 0, low: 8192, max: null },
      { memoryType: "vram", usedBytes: 8192, min: 0, low: 0, max: null },
    ],
  }]);
});
