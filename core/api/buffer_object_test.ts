import { assertEquals } from "@std/assert";
import { type BufferObject, checkInvariants, type Fence, type FenceUsage, type Placement, TtmError } from "../mod.ts";
import {
  addWork,
  fence,
  only,
  picture,
  pin,
  place,
  put,
  refused,
  refusedUnchanged,
  testDevice,
} from "../testing_devices.ts";

interface Door {
  readonly name: string;
  readonly open: (buffer: BufferObject) => unknown;
}

/** Methods that require the reservation, and methods that only require a live buffer. */
const reservedDoors: readonly Door[] = [
  { name: "unreserve", open: (buffer) => buffer.unreserve() },
  { name: "unlock", open: (buffer) => buffer.unlock() },
  { name: "tryValidate", open: (buffer) => buffer.tryValidate(only("vram")) },
  { name: "validate", open: (buffer) => buffer.validate(only("vram")) },
  { name: "purge by validate", open: (buffer) => buffer.validate({ placement: [] }) },
  { name: "addFence", open: (buffer) => buffer.addFence(fence(), "write") },
  { name: "pin", open: (buffer) => buffer.pin() },
  { name: "unpin", open: (buffer) => buffer.unpin() },
  { name: "read", open: (buffer) => buffer.read() },
  { name: "write", open: (buffer) => buffer.write(new Uint8Array(1)) },
];
const liveDoors: readonly Door[] = [
  { name: "tryReserve", open: (buffer) => buffer.tryReserve() },
  { name: "reserve", open: (buffer) => buffer.reserve() },
  { name: "wait", open: (buffer) => buffer.wait() },
  { name: "ref", open: (buffer) => buffer.ref() },
  { name: "unref", open: (buffer) => buffer.unref() },
];

for (const { name, open } of reservedDoors) {
  Deno.test(`${name}() without the reservation is EINVAL, and nothing has changed`, async () => {
    const { device } = testDevice();
    const buffer = put(device, "gtt", { label: "mine" });
    await refusedUnchanged(device, [buffer], () => open(buffer), "EINVAL", 'buffer 0 "mine": it is not reserved');
  });
}

for (const busy of [false, true]) {
  for (const { name, open } of [...reservedDoors, ...liveDoors]) {
    Deno.test(`${name}() after the last unref() of ${busy ? "a busy" : "an idle"} buffer is EINVAL`, async () => {
      const { device } = testDevice();
      const [buffer, other] = [put(device, "gtt"), put(device, "vram")];
      if (busy) addWork(buffer);
      buffer.unref();
      const before = await picture(device, [other]);
      await refused(() => open(buffer), "EINVAL", "dying buffer 0: its last reference is gone");
      assertEquals(await picture(device, [other]), before);
      checkInvariants(device);
    });
  }
}

Deno.test("the handle of a freed buffer says nothing about the buffer that uses its row now", () => {
  const { device } = testDevice();
  const freed = put(device, "gtt");
  freed.unref();
  const heir = put(device, "vram", { pages: 2 });
  pin(heir);
  heir.tryReserve();
  const { memoryType, start, place, gpuAddress, pins, reserved, busy, disposed, tt } = freed;
  assertEquals([memoryType, start, place, gpuAddress, tt], [null, null, null, null, null]);
  assertEquals([pins, reserved, busy, disposed], [0, false, false, true]);
  assertEquals([freed.toString(), freed.bytes, freed.pages], ["dying buffer 0", 4096, 1]);
});

const placements: readonly (readonly [string, unknown])[] = [
  ["nothing", undefined],
  ["null", null],
  ["a name", "vram"],
  ["a place", { memoryType: "vram" }],
  ["an unknown memory type", only("hbm")],
  ["a page that is no number", only("vram", { fpfn: NaN })],
  ["a negative page", only("vram", { lpfn: -1 })],
  ["half a page", only("vram", { fpfn: 0.5 })],
  ["a huge page", only("vram", { lpfn: 2 ** 60 })],
  ["an empty range", only("vram", { fpfn: 3, lpfn: 3 })],
  ["unknown caching", only("vram", { caching: ["shiny" as "wc"] })],
];
for (const [name, placement] of placements) {
  Deno.test(`validate() to ${name} is EINVAL, and nothing has changed`, async () => {
    const { device } = testDevice();
    const buffer = put(device, "gtt");
    buffer.tryReserve();
    for (
      const act of [() => buffer.validate(placement as Placement), () => buffer.tryValidate(placement as Placement)]
    ) {
      await refusedUnchanged(device, [buffer], act, "EINVAL", "Cannot prepare placement: ");
    }
  });
}

const fences: readonly (readonly [string, unknown, unknown])[] = [
  ["no fence", undefined, "write"],
  ["what only looks like a fence", { signalled: false, onSignal: () => () => {} }, "write"],
  ["an unknown usage", fence(), "wrote"],
  ["no usage", fence(), undefined],
  ["a usage by number", fence(), 1],
];
for (const [name, work, usage] of fences) {
  Deno.test(`addFence() of ${name} is EINVAL, and nothing has changed`, async () => {
    const { device } = testDevice();
    const buffer = put(device, "gtt");
    buffer.tryReserve();
    const act = () => buffer.addFence(work as Fence, usage as FenceUsage);
    await refusedUnchanged(device, [buffer], act, "EINVAL", "Cannot add a fence to buffer 0");
    assertEquals(buffer.busy, false);
  });
}

Deno.test("no operation waits for a fence that has signalled", () => {
  const { device } = testDevice();
  const buffer = put(device, "gtt");
  buffer.tryReserve();
  const [done, failed] = [fence(), fence()];
  done.signal();
  failed.signal(new Error("hung"));
  buffer.addFence(done, "write");
  buffer.addFence(failed, "write");
  assertEquals([buffer.busy, buffer.tryValidate(only("system"))], [false, null]);
});

Deno.test("unpin() of a buffer that is not pinned is EINVAL", async () => {
  const { device } = testDevice();
  const buffer = put(device, "gtt");
  buffer.tryReserve();
  await refusedUnchanged(device, [buffer], () => buffer.unpin(), "EINVAL", "Cannot unpin buffer 0: it is not pinned");
  buffer.pin();
  buffer.unpin();
  await refused(() => buffer.unpin(), "EINVAL", "it is not pinned");
});

Deno.test("reservations, pins and buffers are given back by `using`", async () => {
  const { device } = testDevice();
  let kept;
  {
    using buffer = put(device, "vram");
    kept = buffer;
    {
      using _reservation = await buffer.reserve();
      using _pin = buffer.pin();
      assertEquals([buffer.reserved, buffer.pins], [true, 1]);
    }
    assertEquals([buffer.reserved, buffer.pins, device.lru("vram")[0]], [false, 0, [buffer]]);
  }
  assertEquals([kept.disposed, device.liveBuffers], [true, 0]);
});

Deno.test("the end of a `using` reservation moves the buffer to the tail", async () => {
  const { device } = testDevice();
  const [first, second] = [put(device, "vram"), put(device, "vram")];
  {
    using _reservation = await first.reserve();
  }
  assertEquals(device.lru("vram")[0], [second, first]);
});

Deno.test("the device's address of a buffer counts from where its memory type begins", () => {
  const { device } = testDevice();
  const buffer = put(device, only("gtt", { fpfn: 3 }));
  assertEquals(buffer.gpuAddress, (1 << 20) + 3 * 4096);
  place(buffer, "system");
  assertEquals(buffer.gpuAddress, null);
});

Deno.test("a buffer's description says whether the buffer is alive, dying, or freed", () => {
  const { device } = testDevice();
  const [plain, named] = [put(device, "vram"), put(device, "vram", { label: 'a "b"' })];
  addWork(named);
  named.unref();
  assertEquals([`${plain}`, `${named}`], ["buffer 0", 'dying buffer 1 "a "b""']);
});

Deno.test("validate() of a buffer that is already in place still refuses: no reservation, an aborted signal, bad options, a released buffer", async () => {
  const { device } = testDevice({ ordered: true });
  const prepared = device.preparePlacement(only("gtt"));
  const buffer = put(device, prepared);
  place(buffer, prepared);
  // Its ghost object keeps the buffer alive, and its reservation is still the shared one.
  const twin = put(device, "vram", { reservation: buffer.reservation });
  place(twin, prepared);
  place(twin, prepared);
  await refused(() => buffer.validate(prepared), "EINVAL", "it is not reserved");
  buffer.tryReserve();
  await buffer.validate(prepared);
  const enough = new TtmError("EIO", "enough");
  await refused(() => buffer.validate(prepared, { signal: AbortSignal.abort(enough) }), "EIO", "enough");
  await refused(() => buffer.validate(prepared, { noWait: 1 as unknown as boolean }), "EINVAL", "noWait");
  twin.unref();
  await refused(() => twin.validate(prepared), "EINVAL", "its last reference is gone");
});
