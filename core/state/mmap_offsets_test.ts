import { assertEquals } from "@std/assert";
import { checkInvariants } from "../mod.ts";
import { refused, testDevice } from "../testing_devices.ts";

const TIB = 2 ** 40;

Deno.test("mmap offsets are page-aligned, disjoint, above 4 GiB, and are looked up to buffer and page", async () => {
  const { device } = testDevice();
  const buffers = [1, 5000, 4096, 100_000].map((bytes) => device.createBuffer({ bytes }));
  let end = 2 ** 32;
  for (const buffer of buffers) {
    const offset = buffer.mmapOffset();
    assertEquals([offset % 4096, offset >= end, buffer.mmapOffset()], [0, true, offset]);
    end = offset + buffer.pages * 4096;
    assertEquals(device.lookup(offset), { buffer, offset: 0 });
    assertEquals(device.lookup(end - 1), { buffer, offset: buffer.pages * 4096 - 1 });
  }
  assertEquals([device.lookup(end), device.lookup(0)], [null, null]);
  for (const bad of [-1, 0.5, NaN, "0"]) await refused(() => device.lookup(bad as number), "EINVAL", "Cannot look up");
  checkInvariants(device);
});

Deno.test("an mmap offset is not found after the last reference is dropped, also while work keeps the memory", () => {
  const { device } = testDevice();
  const buffer = device.createBuffer({ bytes: 4096 });
  const offset = buffer.mmapOffset();
  buffer.ref().unref();
  assertEquals(device.lookup(offset)?.buffer, buffer);
  buffer.unref();
  assertEquals(device.lookup(offset), null);
});

Deno.test("kernel buffers and released buffers have no mmap offset", async () => {
  const { device } = testDevice();
  const secret = device.createBuffer({ bytes: 4096, kind: "kernel" });
  await refused(() => secret.mmapOffset(), "EINVAL", "it is a kernel buffer");
  secret.unref();
  await refused(() => secret.mmapOffset(), "EINVAL", "its last reference is gone");
});

Deno.test("a full offset space is ENOSPC; freed ranges are reused, the lowest first", async () => {
  const { device } = testDevice();
  const quarter = () => device.createBuffer({ bytes: TIB / 4 });
  const buffers = [quarter(), quarter(), quarter(), quarter()] as const;
  const offsets = buffers.map((buffer) => buffer.mmapOffset());
  const late = device.createBuffer({ bytes: 4096 });
  await refused(() => late.mmapOffset(), "ENOSPC", "its 1 page exceed");
  buffers[2].unref();
  buffers[1].unref();
  assertEquals(late.mmapOffset(), offsets[1]);
  const again = quarter();
  assertEquals(again.mmapOffset(), (offsets[1] ?? 0) + 4096);
  await refused(() => device.createBuffer({ bytes: TIB / 4 }).mmapOffset(), "ENOSPC");
  buffers[0].unref();
  buffers[3].unref();
  late.unref();
  again.unref();
  assertEquals(device.createBuffer({ bytes: TIB }).mmapOffset(), 2 ** 32);
});

Deno.test("thousands of mmap offsets that are made and freed are looked up to their buffers", () => {
  const { device } = testDevice();
  const live = new Map<number, ReturnType<typeof device.createBuffer>>();
  let state = 1;
  const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
  for (let at = 0; at < 5000; at++) {
    const buffer = device.createBuffer({ bytes: 1 + random(20_000) });
    live.set(buffer.mmapOffset(), buffer);
    const victims = [...live.keys()];
    for (let count = random(3); count > 0 && live.size > 30; count--) {
      const offset = victims[random(victims.length)] ?? 0;
      live.get(offset)?.unref();
      live.delete(offset);
      assertEquals(device.lookup(offset), null);
    }
  }
  for (const [offset, buffer] of live) assertEquals(device.lookup(offset)?.buffer, buffer);
});
