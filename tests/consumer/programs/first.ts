// deno-lint-ignore-file no-console -- this is a program
/**
 * What somebody writes who has only the core and a driver: a manager of one's own, and two buffers that take turns in
 * VRAM.
 *
 * @module
 */
import { BoDevice, type BufferObject, type MemTypeManager, NO_ROOM, PAGE_SIZE, SimulatedClock } from "@ttm/core";
import { RadeonSim } from "@ttm/radeon-sim";

/** Hands out pages in a row, and starts over when all have come back. */
function bump(): MemTypeManager {
  let [size, next, used] = [0, 0, 0];
  return {
    name: "bump",
    init(pages) {
      [size, next, used] = [pages, 0, 0];
    },
    allocate({ pages, alignment, fpfn, lpfn }) {
      const start = Math.ceil(Math.max(next, fpfn) / alignment) * alignment;
      if (start + pages > Math.min(lpfn, size)) return NO_ROOM;
      [next, used] = [start + pages, used + pages];
      return start + 1;
    },
    startOf: (handle) => handle - 1,
    free(_handle, pages) {
      used -= pages;
      if (used === 0) next = 0;
    },
    takedown: () => used === 0,
    get usedPages() {
      return used;
    },
    debug: () => `[0, ${next}) of ${size}`,
  };
}

async function bring(buffer: BufferObject, bytes?: Uint8Array): Promise<void> {
  await buffer.reserve();
  await buffer.validate({ placement: [{ memoryType: "vram" }] });
  if (bytes !== undefined) await buffer.write(bytes);
  buffer.unreserve();
}

async function show(buffer: BufferObject): Promise<void> {
  await buffer.reserve();
  console.log(`${buffer.label} in ${buffer.memoryType}: ${await buffer.read({ length: 4 })}`);
  buffer.unreserve();
}

const device = new BoDevice({
  driver: new RadeonSim({ vram: 4 * PAGE_SIZE, gtt: 8 * PAGE_SIZE }),
  managers: { vram: bump(), gtt: bump() },
  clock: new SimulatedClock(),
});
const [mesh, texture] = ["mesh", "texture"].map((label) => device.createBuffer({ bytes: 3 * PAGE_SIZE, label }));
if (mesh === undefined || texture === undefined) throw new Error("No buffers");
await bring(mesh, new Uint8Array([1, 2, 3, 4]));
await show(mesh);
await bring(texture, new Uint8Array([5, 6, 7, 8]));
await show(mesh);
await show(texture);
await bring(mesh);
await show(mesh);
await show(texture);
mesh.unref();
texture.unref();
await device.close();
