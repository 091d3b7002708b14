import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type BufferObject, PAGE_SIZE, type ReadOnlyStore, TtmError } from "@ttm/core";
import { type Bench, bench, bound, only, turn } from "./testing_bench.ts";
import { FakeGpu } from "./testing_fake_gpu.ts";

const BYTES = 2 * PAGE_SIZE;
const store: ReadOnlyStore = { name: "sevens", readOnly: true, read: () => new Uint8Array(BYTES).fill(7) };

Deno.test("a buffer from a store has no host copy while only submissions that read it use it", async () => {
  await using t = bench();
  using buffer = t.device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
  const seen: number[] = [];
  await t.submit([{ buffer, usage: "read" }], () => {
    t.gpu.dispatch([bound(t.driver.bind(buffer), "read")], (bytes) => seen.push(bytes[0] as number));
  });
  assertEquals([buffer.clean, t.driver.stats.hostCopyBytes], [true, 0]);
  await t.device.evictAll("vram");
  assertEquals([seen, buffer.swapped, t.driver.stats.readBackBytes], [[7], true, 0]);
});

Deno.test("a submission that writes a buffer from a store makes it dirty, and its bytes survive the eviction", async () => {
  await using t = bench();
  using buffer = t.device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
  await t.fill(8, buffer);
  await t.device.evictAll("vram");
  assertEquals([buffer.clean, buffer.swapped, await all(buffer)], [false, false, new Uint8Array(BYTES).fill(8)]);
});

for (const [usage, left] of [["read", "stored"], ["write", "other"]] as const) {
  Deno.test(`when room is needed after a submission with usage ${usage} of a small buffer from a store, the ${left} one leaves`, async () => {
    await using t = bench({ budget: 256 * PAGE_SIZE, stagingBytes: PAGE_SIZE });
    using stored = t.device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
    await t.submit([{ buffer: stored, usage }], () => {});
    const other = await t.make(200, 1);
    await t.make(54, 2);
    const away = { stored, other }[left];
    assertEquals([stored, other].filter(({ memoryType }) => memoryType !== "vram"), [away]);
  });
}

Deno.test("a write of the CPU to a buffer from a store in VRAM survives the eviction", async () => {
  await using t = bench();
  using buffer = t.device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
  await t.bring(buffer, "vram");
  await t.write(buffer, new Uint8Array([1, 2, 3]), 5);
  await t.device.evictAll("vram");
  assertEquals((await all(buffer)).slice(4, 9), new Uint8Array([7, 1, 2, 3, 7]));
});

for (
  const [name, use] of Object.entries(
    {
      "a submission": async ({ submit, gpu, driver }, buffer) => {
        await submit([{ buffer, usage: "read" }], () => {
          (driver.device as FakeGpu).dispatch(
            [bound(driver.bind(buffer), "read")],
            (bytes) => assertEquals(bytes[0], 7),
          );
        });
        assertEquals(driver.device === gpu, false);
      },
      "a validate to VRAM": ({ bring }, buffer) => bring(buffer, "vram"),
      "a read": async (_, buffer) => {
        using _reservation = await buffer.reserve();
        assertEquals(await buffer.read({ length: 1 }), new Uint8Array([7]));
      },
    } satisfies Record<string, (t: Bench, buffer: BufferObject) => Promise<void>>,
  )
) {
  Deno.test(`after the loss of the device ${name} reads a buffer from its store again; a dirty one is lost by name`, async () => {
    const lost: string[] = [];
    const t = bench({
      recover: () => Promise.resolve(new FakeGpu()),
      onLost: ({ buffers }) => lost.push(...buffers.map((buffer) => `${buffer}`)),
    });
    const make = (label: string) => t.device.createBuffer({ bytes: BYTES, label, stored: { key: "a", store } });
    const [clean, dirty] = [make("clean"), make("dirty")];
    await t.bring(clean, "vram");
    await t.fill(8, dirty);
    t.gpu.lose();
    await turn();
    await use(t, clean);
    assertEquals([lost, clean.clean, await all(clean)], [['buffer 1 "dirty"'], true, new Uint8Array(BYTES).fill(7)]);
    await assertRejects(() => all(dirty), TtmError, "lost");
    for (const buffer of [clean, dirty]) buffer.unref();
    await t.device.close();
  });
}

Deno.test("a pinned buffer from a store is lost with the device until it is unpinned", async () => {
  await using t = bench({ recover: () => Promise.resolve(new FakeGpu()) });
  using buffer = t.device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
  await t.bring(buffer, "vram");
  const pin = async (by: "pin" | "unpin") => {
    using _reservation = await buffer.reserve();
    buffer[by]();
  };
  await pin("pin");
  t.gpu.lose();
  await turn();
  await assertRejects(
    () => t.submit([{ buffer, usage: "read" }], () => void t.driver.bind(buffer)),
    Error,
    "not pinned",
  );
  await pin("unpin");
  await t.bring(buffer, "vram");
  assertEquals(await all(buffer), new Uint8Array(BYTES).fill(7));
});

Deno.test("the driver serves one device only", () => {
  const { driver, device } = bench();
  assertThrows(
    () => driver.attach({ clock: device.clock, loseContents() {} }),
    TtmError,
    "it serves one device only",
  );
});

async function all(buffer: BufferObject): Promise<Uint8Array> {
  using _reservation = await buffer.reserve();
  await buffer.validate(only("system"));
  return await buffer.read();
}
