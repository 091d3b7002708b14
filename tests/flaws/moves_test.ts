import { assertEquals } from "@std/assert";
import { checkInvariants } from "@ttm/core";
import { bytesIn, fill, only, place, put, refused, refusedUnchanged, testDevice } from "../../core/testing_devices.ts";

Deno.test("F15: a ghost object is counted, keeps its buffer alive, and is not a victim before its copy has ended", async () => {
  const { device, driver } = testDevice({ ordered: true });
  const buffer = put(device, "gtt", { pages: 8 });
  await fill(buffer, 5);
  place(buffer, "vram");
  assertEquals([device.global.bufferCount, device.dying.map(String)], [2, ["ghost of buffer 0"]]);
  const other = device.createBuffer({ bytes: 4096 });
  other.tryReserve();
  await refused(() => other.validate(only("gtt"), { noWait: true }), "ENOMEM");
  buffer.unref();
  assertEquals(device.global.bufferCount, 3);
  driver.finishCopy();
  assertEquals([device.global.bufferCount, other.tryValidate(only("gtt"))], [1, null]);
  other.unreserve();
  checkInvariants(device);
});

Deno.test("F16: a move that fails leaves place, contents, caching and table as they were", async () => {
  const fail = () => {
    throw new Error("no");
  };
  for (const to of [only("vram"), only("gtt", { fpfn: 4, caching: ["cached"] })]) {
    const { device, driver } = testDevice();
    const buffer = put(device, only("gtt", { caching: ["wc"] }));
    await fill(buffer, 4);
    driver.beforeMove = fail;
    driver.beforeBind = () => {
      driver.beforeBind = () => {};
      fail();
    };
    buffer.tryReserve();
    await refusedUnchanged(device, [buffer], () => buffer.validate(to), "EIO");
    buffer.unreserve();
  }
});

Deno.test("F23: a swapped out buffer is not mapped through its old window", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  using map = buffer.mmap();
  await map.write(0, new Uint8Array([6]));
  place(buffer, "gtt");
  await device.swapOut({ memoryType: "gtt" });
  assertEquals([buffer.swapped, buffer.mappings?.io, map.presentPages], [true, null, 0]);
  assertEquals(await map.read(0, 1), new Uint8Array([6]));
  checkInvariants(device);
});

Deno.test("F38: a failed move through a hop leaves nothing bound or allocated at the hop", async () => {
  const { device, driver } = testDevice();
  driver.stop = (from, to) => from !== "gtt" && to !== "gtt" ? { memoryType: "gtt" } : null;
  const buffer = put(device, "system");
  await fill(buffer, 8);
  driver.beforeMove = () => {
    throw new Error("the engine hangs");
  };
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "EIO", "the engine hangs");
  assertEquals([buffer.memoryType, buffer.tt?.boundTo, device.usage("gtt").residents], ["gtt", "gtt", 1]);
  driver.beforeMove = () => {};
  await buffer.validate(only("vram"));
  buffer.unreserve();
  assertEquals([device.usage("gtt").residents, await bytesIn(buffer)], [0, [8]]);
  checkInvariants(device);
});

Deno.test("F45: while a copy is queued its destination is not allocated to another buffer, also if the call fails", async () => {
  const { device, driver, clock } = testDevice({ ordered: true });
  const victim = put(device, "vram", { pages: 8 });
  driver.finishCopy();
  await fill(victim, 2);
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  await buffer.validate(only("vram"));
  assertEquals([victim.memoryType, driver.copies.length], ["gtt", 2]);
  const late = refused(() => buffer.read(), "EBUSY", "it is busy");
  await new Promise((resolve) => setTimeout(resolve, 0));
  clock.advanceTo(15_000);
  await late;
  victim.unref();
  assertEquals(device.usage("gtt").usedPages, 8);
  driver.finishCopy();
  assertEquals(device.usage("gtt").usedPages, 0);
  driver.finishCopy();
  buffer.unreserve();
  checkInvariants(device);
});
