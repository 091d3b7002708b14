import { assertEquals } from "@std/assert";
import { type BufferObject, checkInvariants, PAGE_SIZE } from "../mod.ts";
import { addWork, bytesIn, fill, only, put, type TestDevice, testDevice } from "../testing_devices.ts";

const different = (array: Uint8Array) => [...new Set(array)];

/** An ordered device with bytes of another buffer in VRAM, and an imported buffer whose copy into it is under way. */
async function onItsWayIntoVram(): Promise<TestDevice & { buffer: BufferObject; array: Uint8Array }> {
  const bench = testDevice({ ordered: true });
  const earlier = put(bench.device, "vram");
  bench.driver.finishCopy();
  await fill(earlier, 99);
  earlier.unref();
  const array = new Uint8Array(PAGE_SIZE).fill(7);
  const buffer = bench.device.createBuffer({ bytes: PAGE_SIZE, kind: "sg", imported: array });
  await bring(buffer, "vram");
  return { ...bench, buffer, array };
}

async function bring(buffer: BufferObject, memoryType: string): Promise<void> {
  await buffer.reserve();
  await buffer.validate(only(memoryType));
  buffer.unreserve();
}

/** Ends all copies, those included that are queued meanwhile. */
async function finishCopies({ driver }: TestDevice): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await Promise.resolve();
    while (driver.copies.length > 0) driver.finishCopy();
  }
}

const ways: Readonly<Record<string, (bench: TestDevice & { buffer: BufferObject }) => unknown>> = {
  "the last reference goes": ({ buffer }) => buffer.unref(),
  "it is evicted": ({ device }) => device.evictAll("vram"),
  "it is brought to SYSTEM": ({ buffer }) => bring(buffer, "system"),
  "it is bound for the device": ({ buffer }) => bring(buffer, "gtt"),
};

for (const [way, leave] of Object.entries(ways)) {
  for (const leaves of ["before", "after"]) {
    Deno.test(`after a failed copy to the device an exporter's array gets no bytes of other buffers, ${leaves} which ${way}`, async () => {
      const bench = await onItsWayIntoVram();
      const { device, driver, buffer, array } = bench;
      const left = leaves === "before" ? leave(bench) : undefined;
      driver.finishCopy(new Error("the engine was reset"));
      await (leaves === "before" ? left : leave(bench));
      await finishCopies(bench);
      checkInvariants(device);
      assertEquals([different(array), device.usage("vram").residents], [[7], 0]);
      if (!buffer.disposed) {
        assertEquals(await bytesIn(buffer), "EIO");
        buffer.unref();
      }
      await device.close();
      assertEquals(different(array), [7]);
    });
  }
}

Deno.test("a purge of a lost imported buffer makes it read as the exporter's array again", async () => {
  const bench = await onItsWayIntoVram();
  bench.driver.finishCopy(new Error("the engine was reset"));
  await bring(bench.buffer, "system");
  await bench.buffer.reserve();
  await bench.buffer.validate({ placement: [] });
  bench.buffer.unreserve();
  assertEquals(await bytesIn(bench.buffer), [7]);
});

Deno.test("a lost buffer's place is kept until the work on it has ended", async () => {
  const { device, driver, buffer } = await onItsWayIntoVram();
  driver.finishCopy(new Error("the engine was reset"));
  const work = addWork(buffer);
  buffer.tryReserve();
  assertEquals(buffer.tryValidate(only("system")), work);
  work.signal();
  assertEquals([buffer.tryValidate(only("system")), device.usage("vram").residents], [null, 0]);
  buffer.unreserve();
});
