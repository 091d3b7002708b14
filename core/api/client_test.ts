import { assertEquals } from "@std/assert";
import { checkInvariants } from "../mod.ts";
import { addWork, only, place, put, refused, testDevice } from "../testing_devices.ts";

Deno.test("a client sees its own buffers and no others, by handles that count from 1", async () => {
  const { device } = testDevice();
  const [a, b] = [device.openClient("a"), device.openClient("b")];
  const handles = [a.createBuffer({ bytes: 1, label: "first" }), a.createBuffer({ bytes: 1 })];
  assertEquals([handles, a.handles, b.handles], [[1, 2], [1, 2], []]);
  assertEquals(a.buffer(1).label, "first");
  await refused(() => b.buffer(1), "EINVAL", 'client "b" has no handle 1');
  assertEquals(b.createBuffer({ bytes: 1, label: "other" }), 1);
  assertEquals(b.buffer(1).label, "other");
  for (const bad of [0, 3, -1, NaN, "1", null]) await refused(() => a.buffer(bad as number), "EINVAL", "has no handle");
});

Deno.test("a shared buffer lives as long as one client has a handle of it; sharing it again gives the same handle", async () => {
  const { device } = testDevice();
  const [a, b] = [device.openClient("a"), device.openClient("b")];
  b.createBuffer({ bytes: 1 });
  const handle = a.createBuffer({ bytes: 4096 });
  const buffer = a.buffer(handle);
  const shared = a.share(handle, b);
  assertEquals([shared, a.share(handle, b), b.buffer(shared)], [2, 2, buffer]);
  assertEquals([a.share(handle, a), a.handles], [1, [1]]);
  a.release(handle);
  assertEquals([buffer.disposed, a.handles], [false, []]);
  await refused(() => a.release(handle), "EINVAL", "has no handle 1");
  b.release(shared);
  assertEquals(buffer.disposed, true);
});

Deno.test("closing a client drops all of its handles and maps, and none of them can be used afterwards", async () => {
  const { device } = testDevice();
  const [a, b] = [device.openClient("a"), device.openClient("b")];
  a.createBuffer({ bytes: 1 });
  const handle = a.createBuffer({ bytes: 1 });
  const busy = a.buffer(handle);
  place(busy, "vram");
  const work = addWork(busy);
  const shared = a.share(1, b);
  a.close();
  a.close();
  assertEquals([device.liveBuffers, device.dyingBuffers, b.buffer(shared).id], [1, 1, 0]);
  await refused(() => a.createBuffer({ bytes: 1 }), "EINVAL", 'client "a" is closed');
  await refused(() => b.share(shared, a), "EINVAL", 'client "a" is closed');
  await refused(() => a.mmap(2 ** 32), "EINVAL", 'client "a" is closed');
  work.signal();
  b.close();
  await device.close();
  await refused(() => device.openClient("late"), "EINVAL", "the device is closed");
});

Deno.test("a client cannot be closed while one of its buffers is reserved", async () => {
  const { device } = testDevice();
  const client = device.openClient("a");
  const buffer = client.buffer(client.createBuffer({ bytes: 1 }));
  buffer.tryReserve();
  await refused(() => client.close(), "EINVAL", "it is reserved");
  assertEquals(client.handles, [1]);
  buffer.unreserve();
  client.close();
  assertEquals(device.liveBuffers, 0);
});

Deno.test("usage() reports a client's bytes by memory type, and those that are shared, swapped out, or busy", async () => {
  const { device } = testDevice();
  const [a, b] = [device.openClient("a"), device.openClient("b")];
  const make = (bytes: number, memoryType?: string) => {
    const handle = a.createBuffer({ bytes });
    if (memoryType !== undefined) place(a.buffer(handle), memoryType);
    return handle;
  };
  make(5000);
  const vram = make(1, "vram");
  const gtt = make(3 * 4096, "gtt");
  const swapped = make(4096, "system");
  a.buffer(swapped).tryReserve();
  await a.buffer(swapped).write(new Uint8Array([1]));
  a.buffer(swapped).unreserve();
  await device.swapOut();
  a.share(vram, b);
  addWork(a.buffer(gtt));
  assertEquals(a.usage(), {
    buffers: 4,
    bytes: 7 * 4096,
    sharedBytes: 4096,
    residentBytes: { system: 0, gtt: 3 * 4096, vram: 4096 },
    swappedBytes: 4096,
    activeBytes: 3 * 4096,
  });
  assertEquals([b.usage().bytes, b.usage().sharedBytes], [4096, 4096]);
  a.release(vram);
  assertEquals([b.usage().sharedBytes, a.usage().buffers], [0, 3]);
});

Deno.test("a client can map buffers that it has a handle of, from any page, and no others", async () => {
  const { device } = testDevice();
  const [a, b] = [device.openClient("a"), device.openClient("b")];
  const handle = a.createBuffer({ bytes: 3 * 4096 });
  const offset = a.buffer(handle).mmapOffset();
  await refused(() => b.mmap(offset), "EPERM", 'client "b" has no handle of it');
  const shared = a.share(handle, b);
  using whole = a.mmap(offset);
  using part = b.mmap(offset + 4096, 4097);
  assertEquals([whole.length, part.length], [3 * 4096, 2 * 4096]);
  await whole.write(4096, new Uint8Array([6]));
  assertEquals(await part.read(0, 1), new Uint8Array([6]));
  b.release(shared);
  await refused(() => b.mmap(offset), "EPERM");
  assertEquals(await part.read(0, 1), new Uint8Array([6]));
  for (const bad of [offset + 1, offset + 3 * 4096, 0, -1, 0.5, NaN, "1"]) {
    await refused(() => a.mmap(bad as number), "EINVAL", "Cannot map");
  }
  for (const bad of [0, -1, 3 * 4096 + 1, 0.5, NaN, "1"]) {
    await refused(() => a.mmap(offset, bad as number), "EINVAL", "length must be a whole number");
  }
  checkInvariants(device);
});

Deno.test("the driver's verifyAccess can refuse a client's map", async () => {
  const { device, driver } = testDevice();
  const client = device.openClient("a");
  const offset = client.buffer(client.createBuffer({ bytes: 1, label: "secret" })).mmapOffset();
  const asked: unknown[] = [];
  let answer: () => boolean = () => false;
  Object.assign(driver, {
    verifyAccess: (buffer: { label: string }, { name }: { name: string }) => {
      asked.push([buffer.label, name]);
      return answer();
    },
  });
  await refused(() => client.mmap(offset), "EPERM", 'client "a" is refused by the driver');
  answer = () => {
    throw new Error("not authenticated");
  };
  const error = await refused(() => client.mmap(offset), "EPERM");
  assertEquals([(error.cause as Error).message, asked], ["not authenticated", [["secret", "a"], ["secret", "a"]]]);
  answer = () => true;
  using _map = client.mmap(offset);
});

Deno.test("a client refuses a name that is not a string, and to share with a client of another device", async () => {
  const { device } = testDevice();
  await refused(() => device.openClient(5 as never), "EINVAL", "name must be a string");
  const client = device.openClient("a");
  const handle = client.createBuffer({ bytes: 1 });
  await refused(
    () => client.share(handle, testDevice().device.openClient("b")),
    "EINVAL",
    "is not a client of the same device",
  );
  await refused(() => client.share(handle, {} as never), "EINVAL", "is not a client of the same device");
  await refused(() => client.share(9, client), "EINVAL", "has no handle 9");
  await refused(() => client.createBuffer({ bytes: 0 }), "EINVAL", "bytes");
  assertEquals(client.handles, [1]);
});

for (const memoryType of ["system", "gtt", "vram"]) {
  for (const swapsBetween of [false, true]) {
    const how = swapsBetween ? ", swapped out and back in between" : "";
    Deno.test(`memory in ${memoryType} that one client has freed reads as zero for the next client${how}`, async () => {
      const { device } = testDevice({ vram: 4, gtt: 4 });
      const secret = new Uint8Array(4 * 4096).fill(0x5e);
      const first = device.openClient("first");
      const left = first.buffer(first.createBuffer({ bytes: 4 * 4096 }));
      const map = first.mmap(left.mmapOffset());
      place(left, memoryType);
      await map.write(0, secret);
      if (swapsBetween) {
        await device.swapOut();
        place(left, "system");
        if (memoryType === "vram") place(left, memoryType);
        assertEquals(await map.read(0, map.length), secret);
      }
      map[Symbol.dispose]();
      first.close();
      const second = device.openClient("second");
      for (const [at, bytes] of [4096, 2 * 4096, 4096].entries()) {
        const handle = second.createBuffer({ bytes });
        place(second.buffer(handle), memoryType);
        using view = second.mmap(second.buffer(handle).mmapOffset());
        assertEquals(await view.read(0, bytes), new Uint8Array(bytes), `buffer ${at}`);
        await view.write(0, secret.subarray(0, 1));
      }
      if (swapsBetween) {
        await device.swapOut();
        using view = second.mmap(second.buffer(2).mmapOffset());
        assertEquals((await view.read(0, 8192)).filter((byte) => byte !== 0).length, 1);
      }
    });
  }
}

Deno.test("the range of an evicted buffer reads as zero for the client that gets it next", async () => {
  const { device } = testDevice({ vram: 2, gtt: 4 });
  const [first, second] = [device.openClient("first"), device.openClient("second")];
  const victim = first.buffer(first.createBuffer({ bytes: 8192 }));
  place(victim, "vram");
  using map = first.mmap(victim.mmapOffset());
  await map.write(0, new Uint8Array(8192).fill(1));
  const tenant = second.buffer(second.createBuffer({ bytes: 8192 }));
  place(tenant, "vram");
  using view = second.mmap(tenant.mmapOffset());
  assertEquals([victim.memoryType, await view.read(0, 8192)], ["gtt", new Uint8Array(8192)]);
  await map.write(0, new Uint8Array([2]));
  assertEquals(await view.read(0, 1), new Uint8Array(1));
  put(device, only("gtt"));
});
