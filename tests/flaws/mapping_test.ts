import { assertEquals } from "@std/assert";
import { checkInvariants, TtmError } from "@ttm/core";
import { only, put, refused, testDevice } from "../../core/testing_devices.ts";

Deno.test("F29: a window that could not be reserved is not counted, and each reserved window is freed", async () => {
  const { device, driver } = testDevice({ visible: 4 });
  const { ioMemReserve } = driver;
  const held: string[] = [];
  let broken = true;
  Object.assign(driver, {
    ioMemReserve: (memoryType: string, start: number, pages: number) => {
      if (broken) throw new TtmError("EIO", "the bus is down");
      held.push(`${start}+${pages}`);
      return ioMemReserve.call(driver, memoryType, start, pages);
    },
    ioMemFree: (_memoryType: string, start: number, pages: number) => {
      held.splice(held.indexOf(`${start}+${pages}`), 1);
    },
  });
  const buffer = put(device, "vram");
  buffer.tryReserve();
  await refused(() => buffer.map(), "EIO", "the bus is down");
  assertEquals(buffer.mappings?.io, null);
  checkInvariants(device);
  broken = false;
  const map = await buffer.map();
  assertEquals(held, ["0+1"]);
  map[Symbol.dispose]();
  assertEquals(held, []);
  buffer.unreserve();
});

Deno.test("F30: a range of pages whose end is beyond the buffer, or beyond safe integers, is refused", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram", { pages: 4 });
  buffer.tryReserve();
  for (const [firstPage, pages] of [[1, 4], [3, 2], [1, 2 ** 53 - 1], [2 ** 53 - 1, 2]] as const) {
    await refused(() => buffer.map({ firstPage, pages }), "EINVAL", "must be a whole number");
  }
  buffer.unlock();
});

Deno.test("F32: a buffer that is moved for a user's access is mapped at its new place", async () => {
  const { device, driver } = testDevice({ visible: 4 });
  Object.assign(driver, {
    faultReserveNotify: ({ memoryType }: { memoryType: string }) => memoryType === "vram" ? only("gtt") : null,
  });
  const buffer = put(device, only("vram", { fpfn: 4 }));
  using map = buffer.mmap();
  await map.write(0, new Uint8Array([3]));
  assertEquals([buffer.memoryType, buffer.mappings?.io, await map.read(0, 1)], ["gtt", null, new Uint8Array([3])]);
  checkInvariants(device);
});
