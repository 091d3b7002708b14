import { assertEquals } from "@std/assert";
import { type BufferObject, type BufferView, checkInvariants, type Fence, Reservation, TtmError } from "../mod.ts";
import { addWork, bytesIn, fence, fill, only, pin, place, put, refused, testDevice } from "../testing_devices.ts";

Deno.test("createPlaced() makes a buffer in its placement and leaves it unreserved", async () => {
  const { device, moves } = testDevice();
  const buffer = await device.createPlaced({ bytes: 5000, placement: only("vram") });
  assertEquals([buffer.memoryType, buffer.reserved, moves], ["vram", false, ["0 nowhere>vram@0"]]);
  assertEquals(device.lru("vram")[0], [buffer]);
  checkInvariants(device);
});

Deno.test("createPlaced() with a shared reservation requires it to be held, and leaves it held", async () => {
  const { device } = testDevice();
  const other = put(device, "vram");
  const { reservation } = other;
  const options = { bytes: 4096, reservation, placement: only("vram") };
  await refused(() => device.createPlaced(options), "EINVAL", "the shared reservation is not held");
  assertEquals(device.liveBuffers, 1);
  other.tryReserve();
  const buffer = await device.createPlaced(options);
  assertEquals([buffer.reserved, buffer.reservation === reservation, buffer.memoryType], [true, true, "vram"]);
  buffer.unreserve();
  assertEquals(other.reserved, false);
});

for (const shares of [false, true]) {
  Deno.test(`createPlaced() without room frees the buffer and calls onDestroy once${shares ? ", and leaves the shared reservation as it was" : ""}`, async () => {
    const { device } = testDevice();
    const pinned = put(device, "vram", { pages: 8 });
    pin(pinned);
    if (shares) pinned.tryReserve();
    const gone: BufferView[] = [];
    const error = await refused(
      () =>
        device.createPlaced({
          bytes: 4096,
          placement: only("vram"),
          onDestroy: (buffer) => gone.push(buffer),
          ...(shares && { reservation: pinned.reservation }),
        }),
      "ENOMEM",
    );
    assertEquals([gone.length, gone[0]?.disposed, error.report?.kept.length], [1, true, 1]);
    assertEquals([pinned.reserved, device.liveBuffers, device.global.bufferCount], [shares, 1, 1]);
    checkInvariants(device);
  });
}

Deno.test("createPlaced() that is aborted while it waits leaves no buffer", async () => {
  const { device } = testDevice();
  const busy = put(device, "vram", { pages: 8 });
  addWork(busy);
  const abort = new AbortController();
  let told = 0;
  const options = { bytes: 4096, placement: only("vram"), onDestroy: () => told++ };
  const creating = device.createPlaced(options, { signal: abort.signal });
  abort.abort("enough");
  assertEquals([await creating.catch((reason) => reason), told, device.liveBuffers], ["enough", 1, 1]);
});

const deaths: Readonly<Record<string, (buffer: BufferObject) => Fence | null>> = {
  "an idle buffer": () => null,
  "a buffer without a place": (buffer) => (place(buffer, { placement: [] }), null),
  "a busy buffer": (buffer) => addWork(buffer),
  "a purged busy buffer": (buffer) => {
    const work = addWork(buffer);
    place(buffer, { placement: [] });
    return work;
  },
};
for (const [name, prepare] of Object.entries(deaths)) {
  Deno.test(`onDestroy of ${name} is called once, after the work on it has ended`, () => {
    const { device } = testDevice();
    let told = 0;
    const buffer = put(device, "vram", { onDestroy: () => told++ });
    const work = prepare(buffer);
    buffer.ref().unref();
    assertEquals(told, 0);
    buffer.unref();
    assertEquals(told, work === null ? 1 : 0);
    work?.signal();
    assertEquals([told, device.global.bufferCount], [1, 0]);
  });
}

Deno.test("imported memory is used in place by the CPU and by moves, and is never freed", async () => {
  const { device } = testDevice();
  const imported = new Uint8Array(2 * 4096).fill(9);
  const buffer = device.createBuffer({ bytes: 5000, kind: "sg", imported });
  place(buffer, "gtt");
  assertEquals([buffer.kind, await bytesIn(buffer), buffer.tt?.external], ["sg", [9], true]);
  await fill(buffer, 4);
  assertEquals([imported[0], imported[4999], imported[5000]], [4, 4, 9]);
  assertEquals(await device.swapOut({ memoryType: "gtt" }), 0);
  buffer.unref();
  assertEquals([imported[0], device.usage("gtt").usedPages], [4, 0]);
});

Deno.test("buffers that share a reservation are reserved together, and share their fences", () => {
  const { device } = testDevice();
  const first = put(device, "vram");
  const second = device.createBuffer({ bytes: 4096, reservation: first.reservation });
  first.tryReserve();
  assertEquals([second.reserved, second.tryReserve()], [true, false]);
  const work = fence();
  first.addFence(work, "write");
  assertEquals(second.busy, true);
  second.unreserve();
  assertEquals([first.reserved, second.reservation === first.reservation], [false, true]);
  work.signal();
});

for (
  const [name, options, message] of [
    ["an unknown kind", { kind: "gpu" }, "kind must be one of"],
    ["a label that is no string", { label: 5 }, "label must be a string"],
    ["stored contents without a key", { stored: {} }, "stored.key must be a string"],
    ["misspelt stored contents", { stored: { name: "a" } }, 'unknown "name" in stored'],
    [
      "stored contents of what is no store",
      { stored: { key: "a", store: {} } },
      "stored.store.write must be a function",
    ],
    ["a read-only store that cannot read", { stored: { key: "a", store: { readOnly: true } } }, "store.read must be"],
    ["a key that the device may use itself", { stored: { key: "bo-1" } }, 'keys as "bo-1" are those of the device'],
    [
      "stored contents of imported memory",
      { kind: "sg", imported: new Uint8Array(4096), stored: { key: "a" } },
      "takes none of a store",
    ],
    ["an onDestroy that is no function", { onDestroy: 5 }, "onDestroy must be a function"],
    ["a reservation that is none", { reservation: {} }, "reservation must be that of a buffer"],
    [
      "imported memory of a device buffer",
      { imported: new Uint8Array(4096) },
      'only a buffer of kind "sg" has imported pages',
    ],
    ["no imported memory of an sg buffer", { kind: "sg" }, "it must be 4096 bytes"],
    ["too little imported memory", { kind: "sg", imported: new Uint8Array(4095) }, "it must be 4096 bytes"],
    ["imported memory that is no bytes", { kind: "sg", imported: [1] }, "it must be 4096 bytes"],
  ] as const
) {
  Deno.test(`createBuffer() refuses ${name}`, async () => {
    const { device } = testDevice();
    await refused(() => device.createBuffer({ bytes: 4096, ...options } as never), "EINVAL", message);
    assertEquals(device.liveBuffers, 0);
  });
}

Deno.test("createPlaced() refuses what createBuffer() and validate() refuse", async () => {
  const { device } = testDevice();
  await refused(() => device.createPlaced(null as never), "EINVAL", "the options");
  await refused(() => device.createPlaced({ bytes: 0, placement: only("vram") }), "EINVAL", "bytes");
  await refused(() => device.createPlaced({ bytes: 1, placement: only("disk") }), "EINVAL", '"disk"');
  await refused(() => device.createPlaced({ bytes: 1, placement: only("vram") }, { noWait: 1 as never }), "EINVAL");
  await refused(
    () => device.createPlaced({ bytes: 1, placement: only("vram"), reservation: new Reservation() }),
    "EINVAL",
  );
  assertEquals(device.liveBuffers, 0);
});

Deno.test("options for a driver that takes none are EINVAL, and nothing is created", async () => {
  const { device } = testDevice();
  const create = (driverOptions: unknown) => () =>
    device.createBuffer({ bytes: 1, driverOptions: driverOptions as object });
  await refused(create({ access: "read" }), "EINVAL", 'Cannot create buffer: driver "test" takes no driverOptions');
  for (const wrong of [null, 5, "read"]) await refused(create(wrong), "EINVAL", "driverOptions must be an object");
  assertEquals([device.liveBuffers, device.createBuffer({ bytes: 1 }).id], [0, 0]);
});

Deno.test("the driver checks the options for it before the buffer exists, and what it throws reaches the caller", async () => {
  const { device, driver } = testDevice();
  const checked: object[] = [];
  let fault: Error | null = null;
  const checkDriverOptions = (options: object) => {
    checked.push(options);
    if (fault !== null) throw fault;
  };
  Object.assign(driver, { checkDriverOptions });
  const driverOptions = { access: "read" };
  const buffer = device.createBuffer({ bytes: 1, driverOptions });
  assertEquals([buffer.driverOptions === driverOptions, checked.length, checked[0] === driverOptions], [true, 1, true]);
  assertEquals([device.createBuffer({ bytes: 1 }).driverOptions, checked.length], [undefined, 1]);
  fault = new TtmError("EINVAL", 'there is no access "none"');
  const create = () => device.createBuffer({ bytes: 1, driverOptions });
  const error = await refused(create, "EINVAL", 'Cannot create buffer: there is no access "none"');
  assertEquals(error.cause === fault, true);
  fault = new Error("broken");
  await refused(create, "EIO", "Cannot create buffer: broken");
  assertEquals(device.liveBuffers, 2);
});
