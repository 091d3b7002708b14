import { assertEquals } from "@std/assert";
import { rangeManager } from "@ttm/first-fit";
import { BoDevice, type Place } from "@ttm/core";
import { pin, place, put, refused, testDevice, TestDriver, touch } from "../../core/testing_devices.ts";

const cases: readonly (readonly [string, Place])[] = [
  ["SYSTEM", { memoryType: "system" }],
  ["VRAM", { memoryType: "vram" }],
  ["a private type", { memoryType: "gtt2" }],
  ["SYSTEM from the top", { memoryType: "system", topDown: true }],
];
for (const [name, wanted] of cases) {
  Deno.test(`init_basic: a resource in ${name} starts at 0, keeps its place, counts, and is the last of its priority`, () => {
    const { device } = testDevice({ gtt2: 8 });
    const buffer = put(device, { placement: [wanted] }, { pages: 2, priority: 1 });
    assertEquals([buffer.start, buffer.memoryType, buffer.place], [0, wanted.memoryType, wanted]);
    assertEquals(device.usage(wanted.memoryType).usedPages, 2);
    const next = put(device, { placement: [wanted] }, { priority: 1 });
    assertEquals(device.lru(wanted.memoryType), [[], [buffer, next], [], []]);
  });
}

Deno.test("init_pinned: a pinned buffer's new resource is on the list of the pinned, and leaves it at its end", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  pin(buffer);
  assertEquals([device.pinned, device.lru("vram").flat()], [[buffer], []]);
  touch(buffer, () => buffer.unpin());
  buffer.unref();
  assertEquals(device.pinned, []);
});

Deno.test("fini_basic: the end of a resource removes it from its list and frees its pages", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram", { pages: 2 });
  place(buffer, { placement: [] });
  assertEquals([device.lru("vram").flat(), device.usage("vram").usedPages], [[], 0]);
});

Deno.test("manager_init_basic: a new manager has its size, no use, no move fence and four empty lists", () => {
  const { device } = testDevice();
  assertEquals(device.usage("vram"), { memoryType: "vram", pages: 8, usedPages: 0, residents: 0 });
  assertEquals([device.moveFence("vram"), device.lru("vram")], [null, [[], [], [], []]]);
});

Deno.test("manager_usage_basic: the usage is the size of the live resource", () => {
  const { device } = testDevice();
  put(device, "vram", { pages: 3 });
  assertEquals(device.usage("vram").usedPages, 3);
});

Deno.test("manager_set_used_basic: the use of a manager can be switched off", async () => {
  const { device } = testDevice();
  device.setUsed("vram", false);
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  await refused(() => buffer.validate({ placement: [{ memoryType: "vram" }] }), "ENOMEM");
});

Deno.test("sys_man_alloc_basic: room in SYSTEM is always found", () => {
  const device = new BoDevice({ driver: new TestDriver(), managers: { vram: rangeManager() } });
  const buffer = put(device, "system", { pages: 1 << 20 });
  assertEquals([buffer.start, device.usage("system").usedPages], [0, 1 << 20]);
});

Deno.test("sys_man_free_basic: a freed resource in SYSTEM leaves list and usage", () => {
  const { device } = testDevice();
  put(device, "system", { pages: 3 }).unref();
  assertEquals([device.usage("system").usedPages, device.lru("system").flat()], [0, []]);
});
