import { assert, assertEquals } from "@std/assert";
import { type BufferObject, checkInvariants, PAGE_SIZE } from "../mod.ts";
import { fill, pin, place, put, type TestDevice, testDevice } from "../testing_devices.ts";

/**
 * Released buffers whose imported bytes go back through GTT, where pinned buffers of one page each are in the way.
 * `asked` counts the attempts.
 */
async function stranded(sizes: readonly number[], inTheWay: number) {
  const vram = sizes.reduce((sum, size) => sum + size, 0);
  const bench = testDevice({ gtt: inTheWay, vram, visible: 0 });
  const counted = { asked: 0 };
  const arrays = sizes.map((size) => new Uint8Array(size * PAGE_SIZE));
  const buffers: BufferObject[] = [];
  for (const imported of arrays) {
    const buffer = bench.device.createBuffer({ bytes: imported.length, kind: "sg", imported });
    place(buffer, "gtt");
    await fill(buffer, 6);
    place(buffer, "vram");
    imported.fill(1);
    buffers.push(buffer);
  }
  const pinned = Array.from({ length: inTheWay }, () => put(bench.device, "gtt"));
  for (const buffer of pinned) pin(buffer);
  bench.driver.stop = (from, to) => {
    if (from !== "vram" || to !== "system") return null;
    counted.asked++;
    return { memoryType: "gtt" };
  };
  for (const buffer of buffers) buffer.unref();
  return { ...bench, counted, pinned, returned: () => arrays.map((array) => array[0] === 6) };
}

function release({ device }: TestDevice, buffer: BufferObject): void {
  buffer.unref();
  checkInvariants(device);
}

Deno.test("a small buffer returns its imported bytes when there is room, whoever has waited for longer", async () => {
  const bench = await stranded([3, 1, 2], 3);
  assertEquals(bench.returned(), [false, false, false]);
  for (const [at, expected] of [[false, true, false], [false, true, true], [true, true, true]].entries()) {
    release(bench, bench.pinned[at] as BufferObject);
    assertEquals(bench.returned(), expected);
  }
  assertEquals(bench.device.dyingBuffers, 0);
});

/** Attempts while so many are stranded, others of as many are released, room appears, and the device is closed. */
async function attempts(count: number): Promise<number[]> {
  const { device, counted, pinned, returned } = await stranded(Array(count).fill(1), 1);
  const asked = [counted.asked];
  const others = Array.from({ length: count }, () => put(device, "system"));
  for (const other of others) other.unref();
  asked.push(counted.asked);
  assert(!returned().includes(true));
  for (const buffer of pinned) buffer.unref();
  asked.push(counted.asked);
  assert(!returned().includes(false));
  await device.close();
  return asked;
}

Deno.test("a release has at most one of the stranded buffers try in vain, however many there are", async () => {
  assertEquals(await attempts(20), [40, 60, 80]);
  assertEquals(await attempts(80), [160, 240, 320]);
});
