import { assertEquals } from "@std/assert";
import { BoDevice, type BufferObject, checkInvariants, Global } from "../mod.ts";
import { addWork, fence, fill, place, put, refused, testDevice, TestDriver } from "../testing_devices.ts";

async function filled(device: BoDevice, byte: number): Promise<BufferObject> {
  const buffer = put(device, "system");
  await fill(buffer, byte);
  return buffer;
}

function twoDevices() {
  const global = new Global();
  const [first, second] = [testDevice({ global }), testDevice({ global })];
  return { global, first: first.device, second: second.device };
}

Deno.test("swapouts take turns among devices, and skip a device that has no pages to free", async () => {
  const { global, first, second } = twoDevices();
  const [a, b, c] = [await filled(first, 1), await filled(first, 2), await filled(second, 3)];
  assertEquals(global.devices, [first, second]);
  assertEquals([await global.swapOut(), a.swapped, global.devices], [1, true, [second, first]]);
  assertEquals([await global.swapOut(), c.swapped, global.devices], [1, true, [first, second]]);
  second.createBuffer({ bytes: 1 });
  assertEquals([await global.swapOut(), b.swapped], [1, true]);
  assertEquals([await global.swapOut(), global.usedPages], [0, 0]);
  checkInvariants(first);
  checkInvariants(second);
});

Deno.test("swapOutAll() swaps out every page that it can, and returns how many it freed", async () => {
  const { global, first, second } = twoDevices();
  const buffers = [await filled(first, 1), await filled(second, 2), await filled(second, 3)];
  const reserved = await filled(first, 4);
  reserved.tryReserve();
  assertEquals([await global.swapOutAll(), buffers.every(({ swapped }) => swapped), reserved.swapped], [
    3,
    true,
    false,
  ]);
  assertEquals([global.usedPages, await global.swapOutAll()], [1, 0]);
});

Deno.test("a limit applies to all devices of a global together", async () => {
  const global = new Global({ limits: { pages: 2 } });
  const [first, second] = [testDevice({ global }).device, testDevice({ global }).device];
  const buffers = [await filled(first, 1), await filled(second, 2), await filled(second, 3)];
  assertEquals([buffers.map(({ swapped }) => swapped), global.usedPages], [[true, false, false], 2]);
});

Deno.test("bufferCount counts buffers and ghosts of all devices until they are freed", () => {
  const global = new Global();
  const { device: first, driver } = testDevice({ global, ordered: true });
  const { device: second } = testDevice({ global });
  const moving = put(first, "gtt");
  const other = second.createBuffer({ bytes: 1 });
  place(moving, "vram");
  assertEquals(global.bufferCount, 3);
  driver.finishCopy();
  assertEquals(global.bufferCount, 2);
  const work = addWork(moving);
  moving.unref();
  other.unref();
  assertEquals(global.bufferCount, 1);
  work.signal();
  assertEquals(global.bufferCount, 0);
});

Deno.test("a global can be closed after its devices, closed in any order, and then takes no more devices", async () => {
  const { global, first, second } = twoDevices();
  await refused(() => global.close(), "EBUSY", "it has 2 devices");
  await second.close();
  await refused(() => global.close(), "EBUSY", "it has 1 device");
  await first.close();
  global.close();
  global.close();
  assertEquals(global.devices, []);
  await refused(() => testDevice({ global }), "EINVAL", "its global is closed");
});

Deno.test("a device that could not be closed stays a member of its global", async () => {
  const { global, first } = twoDevices();
  const buffer = first.createBuffer({ bytes: 1 });
  await refused(() => first.close(), "EBUSY");
  assertEquals(global.devices.includes(first), true);
  buffer.unref();
  await first.close();
  assertEquals(global.devices.includes(first), false);
});

Deno.test("a global's swapout waits up to 15 s for busy buffers; with noWait it does not wait", async () => {
  const { global, first } = twoDevices();
  const buffer = await filled(first, 1);
  const work = addWork(buffer);
  assertEquals(await global.swapOut({ noWait: true }), 0);
  const swapping = global.swapOut();
  await new Promise((resolve) => setTimeout(resolve, 0));
  work.signal();
  assertEquals(await swapping, 1);
  const abort = new AbortController();
  const again = await filled(first, 2);
  addWork(again, fence("hang"));
  const hanging = global.swapOut({ signal: abort.signal });
  abort.abort("enough");
  assertEquals(await hanging.catch((reason) => reason), "enough");
  await refused(() => global.swapOut({ noWait: 1 as never }), "EINVAL", "noWait");
  await refused(() => global.swapOutAll(5 as never), "EINVAL", "the options");
});

Deno.test("a global's swapout reports its waits to the tracer of the device whose buffers are swapped out", async () => {
  const global = new Global();
  const waits: string[] = [];
  const deviceOf = (name: string) =>
    testDevice({ global, tracer: { wait: (work) => (waits.push(`${name}: ${work.context.name}`), work.signal()) } })
      .device;
  const [first, second] = [deviceOf("first"), deviceOf("second")];
  for (const device of [first, second]) addWork(await filled(device, 1), fence(`work ${device === first ? 1 : 2}`));
  assertEquals([await global.swapOutAll(), waits], [2, ["first: work 1", "second: work 2"]]);
});

Deno.test("a device without a `global` option has a global of its own, with the limits that it is given", async () => {
  const [one, other] = [testDevice({ limits: { pages: 5 } }).device, testDevice().device];
  assertEquals([one.global === other.global, one.global.devices], [false, [one]]);
  const driver = () => new TestDriver();
  const options = { global: new Global(), limits: { pages: 1 } };
  await refused(
    () => new BoDevice({ driver: driver(), managers: {}, ...options }),
    "EINVAL",
    "limits are those of its global and cannot be given",
  );
  await refused(
    () => new BoDevice({ driver: driver(), managers: {}, global: {} as never }),
    "EINVAL",
    "must be a Global",
  );
  await refused(() => new BoDevice({ driver: driver(), managers: {}, store: 5 as never }), "EINVAL", "options.store");
  await refused(() => new Global(null as never), "EINVAL", "the options");
});

Deno.test("a global uses the clock of a device that is open, not of a closed one", async () => {
  const global = new Global();
  const old = testDevice({ global });
  const { device, clock } = testDevice({ global });
  await old.device.close();
  const buffer = await filled(device, 1);
  addWork(buffer, fence("hang"));
  const swapping = refused(() => global.swapOut(), "EBUSY");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([old.clock.pending, clock.pending], [0, 1]);
  clock.advanceTo(15_000);
  await swapping;
});

Deno.test("background swapping continues on another device's clock after the first device is closed", async () => {
  const zone = { name: "kernel", bytes: 2 ** 20, maxBytes: 2 ** 20, emergencyBytes: 2 ** 20, swapBytes: 0 };
  const global = new Global({ limits: { zones: [zone] } });
  const [old, { device, clock }] = [testDevice({ global }), testDevice({ global })];
  const buffer = await filled(device, 1);
  assertEquals([old.clock.pending, clock.pending, buffer.swapped], [1, 0, false]);
  await old.device.close();
  assertEquals([old.clock.pending, clock.pending], [0, 1]);
  clock.advanceTo(1);
  assertEquals(buffer.swapped, true);
  buffer.unref();
  await device.close();
  assertEquals(clock.pending, 0);
  const later = testDevice({ global });
  await filled(later.device, 2);
  assertEquals([clock.pending, later.clock.pending], [0, 1]);
});
