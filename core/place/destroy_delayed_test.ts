import { assertEquals } from "@std/assert";
import { checkInvariants } from "../mod.ts";
import { addWork, place, put, testDevice } from "../testing_devices.ts";

const names = (buffers: readonly { toString(): string }[]) => buffers.map(String);

Deno.test("while delayed destruction is held back, idle dying buffers stay, and are destroyed when the hold ends", () => {
  const { device } = testDevice();
  const [a, b, c] = [put(device, "vram"), put(device, "vram"), put(device, "vram")];
  const work = [a, b, c].map((buffer) => addWork(buffer));
  const hold = device.holdDelayedDestroy();
  for (const buffer of [c, a, b]) buffer.unref();
  work[0]?.signal();
  work[2]?.signal();
  assertEquals([names(device.dying), device.usage("vram").residents], [
    ["dying buffer 0", "dying buffer 1", "dying buffer 2"],
    3,
  ]);
  checkInvariants(device);
  hold[Symbol.dispose]();
  assertEquals(names(device.dying), ["dying buffer 1"]);
  work[1]?.signal();
  assertEquals([device.dyingBuffers, device.usage("vram").residents], [0, 0]);
  checkInvariants(device);
});

Deno.test("an idle buffer is destroyed at once, also while delayed destruction is held back", () => {
  const { device } = testDevice();
  using _hold = device.holdDelayedDestroy();
  put(device, "vram").unref();
  assertEquals([device.dyingBuffers, device.usage("vram").residents], [0, 0]);
});

Deno.test("holds of delayed destruction nest, and releasing one twice counts once", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  const [first, second] = [device.holdDelayedDestroy(), device.holdDelayedDestroy()];
  buffer.unref();
  work.signal();
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assertEquals(device.dyingBuffers, 1);
  second[Symbol.dispose]();
  assertEquals(device.dyingBuffers, 0);
});

Deno.test("while delayed destruction is held back, room of idle dying buffers can be taken; they are freed when the hold ends", () => {
  const { device } = testDevice();
  let told = 0;
  const dying = put(device, "vram", { pages: 8, onDestroy: () => told++ });
  const work = addWork(dying);
  const hold = device.holdDelayedDestroy();
  dying.unref();
  work.signal();
  const tenant = put(device, "vram", { pages: 8 });
  assertEquals([tenant.memoryType, device.dyingBuffers, told], ["vram", 1, 0]);
  checkInvariants(device);
  hold[Symbol.dispose]();
  assertEquals([device.dyingBuffers, told], [0, 1]);
});

Deno.test("after a hold buffers are destroyed by number, then ghost objects by age; a buffer whose last ghost is destroyed follows", () => {
  const gone: string[] = [];
  const { device, driver } = testDevice({
    ordered: true,
    tracer: { destroy: (buffer) => void gone.push(String(buffer)) },
  });
  const [a, b] = [put(device, "gtt"), put(device, "gtt")];
  const hold = device.holdDelayedDestroy();
  place(b, "vram");
  place(a, "vram");
  a.unref();
  b.unref();
  driver.finishCopy();
  driver.finishCopy();
  assertEquals(names(device.dying), ["ghost of buffer 1", "ghost of buffer 0"]);
  hold[Symbol.dispose]();
  assertEquals(gone, ["ghost of buffer 1", "dying buffer 1", "ghost of buffer 0", "dying buffer 0"]);
});

Deno.test("an imported buffer that only its last ghost object kept is destroyed after all others, younger ghost objects included", () => {
  const gone: string[] = [];
  const { device, driver } = testDevice({
    ordered: true,
    tracer: { destroy: (buffer) => void gone.push(String(buffer)) },
  });
  const [imported, other] = [put(device, "vram", { kind: "sg", imported: new Uint8Array(4096) }), put(device, "gtt")];
  driver.finishCopy();
  const hold = device.holdDelayedDestroy();
  place(imported, "gtt");
  place(other, "vram");
  imported.unref();
  driver.finishCopy();
  driver.finishCopy();
  assertEquals(names(device.dying), ["ghost of buffer 0", "ghost of buffer 1"]);
  hold[Symbol.dispose]();
  assertEquals(gone.slice(-3), ["ghost of buffer 0", "ghost of buffer 1", "dying buffer 0"]);
  checkInvariants(device);
});

Deno.test("a fence that never signals keeps one dying buffer, not those after it", () => {
  const { device } = testDevice();
  const [hanging, other] = [put(device, "vram"), put(device, "vram")];
  addWork(hanging);
  const work = addWork(other);
  hanging.unref();
  other.unref();
  work.signal();
  assertEquals(names(device.dying), ["dying buffer 0"]);
});
