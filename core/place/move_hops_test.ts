import { assertEquals, assertStrictEquals } from "@std/assert";
import { type BufferObject, checkInvariants, type Place } from "../mod.ts";
import { bytesIn, fill, only, pin, place, put, refused, refusedUnchanged, testDevice } from "../testing_devices.ts";

const throughGtt = (from: string, to: string): Place | null =>
  from !== "gtt" && to !== "gtt" && from !== to ? { memoryType: "gtt" } : null;

/** A device that cannot copy between VRAM and SYSTEM. */
function hopping(options: Parameters<typeof testDevice>[0] = {}) {
  const made = testDevice(options);
  made.driver.stop = throughGtt;
  return made;
}

for (const [from, to] of [["vram", "system"], ["system", "vram"]] as const) {
  Deno.test(`a move from ${from} to ${to} goes through a hop in GTT and leaves nothing there`, async () => {
    const { device, driver, moves } = hopping();
    const buffer = put(device, from, { pages: 2 });
    await fill(buffer, 7);
    moves.length = 0;
    driver.calls.length = 0;
    place(buffer, to);
    assertEquals(moves, [`0 ${from}>${to}@0 EMULTIHOP`, `0 ${from}>gtt@0`, `0 gtt>${to}@0`]);
    const notified = driver.calls.filter((call) => call.startsWith("notify"));
    assertEquals(notified, [`notify 0 ${from}>gtt`, `notify 0 gtt>${to}`]);
    assertEquals([buffer.memoryType, device.usage("gtt").usedPages, await bytesIn(buffer)], [to, 0, [7]]);
    checkInvariants(device);
  });
}

Deno.test("a buffer without a place moves without a hop", () => {
  const { device, moves } = hopping();
  put(device, "vram");
  assertEquals(moves, ["0 nowhere>vram@0"]);
});

Deno.test("a hop may evict other buffers", async () => {
  const { device, moves } = hopping();
  const inGtt = put(device, "gtt", { pages: 8 });
  const buffer = put(device, "vram", { pages: 2 });
  await fill(buffer, 3);
  moves.length = 0;
  place(buffer, "system");
  assertEquals(moves, ["1 vram>system@0 EMULTIHOP", "0 gtt>system@0 evict", "1 vram>gtt@0", "1 gtt>system@0"]);
  assertEquals([inGtt.memoryType, await bytesIn(buffer)], ["system", [3]]);
  checkInvariants(device);
});

Deno.test("a hop without room is ENOSPC, and nothing has changed", async () => {
  const { device, driver } = hopping();
  const inGtt = put(device, "gtt", { pages: 8 });
  const buffer = put(device, "vram", { pages: 2 });
  await fill(buffer, 3);
  pin(inGtt);
  driver.calls.length = 0;
  buffer.tryReserve();
  const act = () => buffer.validate(only("system"));
  await refusedUnchanged(device, [buffer, inGtt], act, "ENOSPC", "a hop on the way has no room");
  assertEquals(driver.calls, []);
});

Deno.test("a victim is evicted through the hop", async () => {
  const { device, driver, moves } = hopping();
  const victim = put(device, "vram", { pages: 8 });
  await fill(victim, 4);
  driver.evict = () => only("system");
  moves.length = 0;
  put(device, "vram");
  assertEquals(moves, ["0 vram>system@0 evict EMULTIHOP", "0 vram>gtt@0", "0 gtt>system@0 evict", "1 nowhere>vram@0"]);
  assertEquals([victim.memoryType, victim.tt?.populated, await bytesIn(victim)], ["system", true, [4]]);
});

Deno.test("a victim whose hop has no room is skipped", () => {
  const { device, driver } = hopping({ gtt2: 8 });
  pin(put(device, "gtt", { pages: 8 }));
  driver.evict = (buffer) => only(buffer.priority === 0 ? "system" : "gtt2");
  driver.stop = (from, to) => from === "vram" && to === "gtt2" ? null : throughGtt(from, to);
  const [first, second] = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4, priority: 1 })];
  put(device, "vram");
  assertEquals([first.memoryType, second.memoryType], ["vram", "gtt2"]);
  checkInvariants(device);
});

Deno.test("when the second move fails the buffer is at the hop, and a later call continues from there", async () => {
  const { device, driver } = hopping();
  const buffer = put(device, "system", { pages: 2 });
  await fill(buffer, 9);
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "EIO", "broken");
  assertEquals([buffer.memoryType, buffer.place?.temporary, await bytesIn(buffer)], ["gtt", true, [9]]);
  assertEquals(device.usage("vram").usedPages, 0);
  checkInvariants(device);
  driver.beforeMove = () => {};
  await buffer.validate(only("gtt")); // a stop is never where a buffer should be
  assertEquals([buffer.place?.temporary, await bytesIn(buffer)], [undefined, [9]]);
});

Deno.test("when the first move fails the buffer is where it was", async () => {
  const { device, driver } = hopping();
  const buffer = put(device, "vram", { pages: 2 });
  await fill(buffer, 9);
  driver.beforeBind = () => {
    throw new Error("broken");
  };
  buffer.tryReserve();
  await refusedUnchanged(device, [buffer], () => buffer.validate(only("system")), "EIO", "broken");
});

Deno.test("an endless chain of hops is EINVAL, and nothing is leaked", async () => {
  const { device, driver } = testDevice({ gtt2: 8 });
  let asked = 0;
  driver.stop = (from) => {
    asked++;
    return { memoryType: from === "gtt" ? "gtt2" : "gtt" };
  };
  const buffer = put(device, "system");
  await fill(buffer, 6);
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "EINVAL");
  assertEquals(["gtt", "gtt2"].includes(buffer.memoryType ?? ""), true);
  assertEquals(asked <= device.memoryTypes.length + 1, true, `asked ${asked} times`);
  assertEquals([device.usage("vram").usedPages, await bytesIn(buffer)], [0, [6]]);
  assertEquals(device.usage("gtt").usedPages + device.usage("gtt2").usedPages, 1);
  checkInvariants(device);
});

const nonsense: readonly (readonly [string, () => Place | null])[] = [
  ["throws", () => {
    throw new Error("no way");
  }],
  ["names an unknown memory type", () => ({ memoryType: "hbm" })],
  ["names an empty range", () => ({ memoryType: "gtt", fpfn: 3, lpfn: 2 })],
];
for (const [name, stop] of nonsense) {
  Deno.test(`a hop() that ${name} is EINVAL, and nothing has changed`, async () => {
    const { device, driver } = testDevice();
    const buffer = put(device, "system");
    driver.stop = stop;
    buffer.tryReserve();
    const error = await refusedUnchanged(device, [buffer], () => buffer.validate(only("vram")), "EINVAL");
    assertStrictEquals(error.cause instanceof Error, true);
  });
}

Deno.test("with an ordered driver the second copy is queued after the first, and one call makes both moves", async () => {
  const { device, driver, clock } = hopping({ ordered: true });
  const buffer: BufferObject = put(device, "vram");
  driver.finishCopy();
  await fill(buffer, 5);
  buffer.tryReserve();
  const moved = buffer.validate(only("system"));
  assertEquals([buffer.memoryType, device.usage("vram").usedPages], ["gtt", 1]); // the copy still reads VRAM
  driver.finishCopy();
  await moved;
  clock.advanceTo(0);
  assertEquals([buffer.memoryType, device.usage("vram").usedPages, await bytesIn(buffer)], ["system", 0, [5]]);
  checkInvariants(device);
});
