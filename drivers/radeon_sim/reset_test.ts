import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type BoDevice,
  type BufferObject,
  checkInvariants,
  PAGE_SIZE,
  type PreparedPlacement,
  type ReadOnlyStore,
  TtmError,
} from "@ttm/core";
import { bench, SLOW } from "./testing_bench.ts";

const COPIES = [1, 2] as const;

Deno.test("a hung job never ends, later tasks never start, and waits for it are EBUSY after 15 s", async () => {
  await bench({}, async ({ gpu, clock, make, fill, holds }) => {
    const [hung, behind] = [make(1, "gtt"), make(1, "gtt")];
    gpu.hangNext("graphics");
    fill(hung, 1);
    fill(behind, 2);
    for (const buffer of [hung, behind]) {
      const begin = clock.now();
      assertEquals((await assertRejects(() => buffer.wait(), TtmError)).code, "EBUSY");
      assertEquals([clock.now() - begin, buffer.busy], [15_000, true]);
    }
    gpu.reset();
    assertEquals([hung.busy, holds(hung, 0)], [false, true]);
    clock.runUntilIdle();
    assertEquals([behind.busy, holds(behind, 2)], [false, true]);
  });
});

Deno.test("a reset fails the fence of a hung job with EIO, and waits for it end with that", async () => {
  await bench({}, async ({ gpu, make, clock }) => {
    const buffer = make(1, "gtt");
    gpu.hangNext("graphics");
    const job = gpu.submit({ buffers: [{ buffer, write: true }], durationMs: 1, program: () => assert(false) });
    const next = gpu.submit({ buffers: [], durationMs: 1 });
    clock.schedule(100, () => gpu.reset());
    const error = await assertRejects(() => buffer.wait(), TtmError, "its work failed");
    assertEquals([error.code, clock.now(), error.cause], ["EIO", 100, job.error]);
    assertEquals([(job.error as TtmError).code, next.signalled], ["EIO", false]);
    clock.runUntilIdle();
    assertEquals([next.error, clock.now()], [undefined, 101]);
    assertEquals(gpu.graphicsStats, { tasks: 2, busyMs: 101, stalls: 0, stalledMs: 0 });
  });
});

for (const copyEngines of COPIES) {
  Deno.test(`only the contents of the evicted buffer are lost with a hung eviction (${copyEngines} engines)`, async () => {
    await bench({ copyEngines }, async ({ device, gpu, clock, make, bring, fill, holds }) => {
      const [lost, kept, next] = [make(4, "vram"), make(4, "vram"), make(4, "gtt")];
      for (const buffer of [lost, kept, next]) fill(buffer, buffer.id + 1);
      clock.runUntilIdle();
      lost.unreserve();
      gpu.hangNext("copy");
      bring(next, "vram");
      lost.tryReserve();
      const error = await assertRejects(() => next.read({ length: 1 }), TtmError);
      assertEquals([error.code, lost.memoryType, next.start, next.busy], ["EBUSY", "gtt", 0, true]);
      assertEquals(gpu.reset(), 1);
      clock.runUntilIdle();
      checkInvariants(device);
      assertEquals([holds(kept, 2), holds(next, 3), next.busy], [true, true, false]);
      const refused = await assertRejects(() => lost.read(), TtmError, "are lost");
      assertEquals([refused.code, ((refused.cause as Error).cause as TtmError).code], ["EIO", "EIO"]);
      await lost.validate({ placement: [] });
      await lost.validate({ placement: [{ memoryType: "gtt" }] });
      assertEquals(await lost.read({ length: 1 }), new Uint8Array(1));
    });
  });

  Deno.test(`a hung upload or clear is lost, and the range can be used again (${copyEngines} engines)`, async () => {
    await bench({ copyEngines }, async ({ gpu, clock, make, bring, fill, holds }) => {
      const old = make(4, "gtt");
      fill(old, 1);
      clock.runUntilIdle();
      gpu.hangNext("copy", 2);
      bring(old, "vram");
      const fresh = make(4, "vram");
      clock.runUntilIdle();
      assertEquals([holds(old, 1), old.busy, fresh.busy], [true, false, true]);
      assertEquals(gpu.reset(), 1);
      assertEquals((await assertRejects(() => fresh.read(), TtmError)).code, "EIO");
      fresh.unreserve();
      fresh.unref();
      const next = make(4, "vram");
      fill(next, 3);
      clock.runUntilIdle();
      assertEquals([next.start, holds(next, 3), holds(old, 1)], [4, true, true]);
    });
  });
}

Deno.test("a task that waits for a lost job of another engine is not lost with it", async () => {
  for (const copyEngines of COPIES) {
    await bench({ ...SLOW, copyEngines }, ({ gpu, clock, make, bring, fill, holds }) => {
      const buffer = make(4, "gtt");
      fill(buffer, 1);
      clock.runUntilIdle();
      gpu.hangNext("graphics");
      fill(buffer, 2);
      bring(buffer, "vram");
      fill(buffer, 3);
      clock.advanceTo(1000);
      assertEquals([gpu.reset(), gpu.copyStats.tasks], [1, 0]);
      clock.advanceTo(1003);
      assert(buffer.busy);
      clock.runUntilIdle();
      assertEquals([holds(buffer, 3), clock.now(), gpu.copyStats.tasks], [true, 1005, 1]);
    });
  }
});

Deno.test("a reset loses the running task of every engine, hung or not, and no other", async () => {
  await bench({ ...SLOW, copyEngines: 2 }, async ({ gpu, clock, make, bring, fill, holds }) => {
    const [out, into, both] = [make(2, "vram"), make(2, "gtt"), make(1, "gtt")];
    for (const buffer of [out, into, both]) fill(buffer, buffer.id + 1);
    clock.runUntilIdle();
    const begin = clock.now();
    bring(out, "gtt");
    bring(into, "vram");
    const job = gpu.submit({ buffers: [], durationMs: 5 });
    fill(both, 9);
    clock.advanceTo(begin + 1);
    assertEquals(gpu.reset(), 3);
    assertEquals([out.busy, into.busy, job.signalled, both.busy], [false, false, true, true]);
    clock.runUntilIdle();
    assertEquals([clock.now() - begin, holds(both, 9)], [2, true], "what was stopped does not end later on");
    for (const buffer of [out, into]) assertEquals((await assertRejects(() => buffer.read(), TtmError)).code, "EIO");
    assertEquals(gpu.graphicsStats.busyMs, 3 + 1 + 1);
  });
});

Deno.test("a reset of an idle GPU changes nothing", async () => {
  await bench({}, async ({ gpu, clock, make, fill, holds }) => {
    const buffer = make(4, "vram");
    fill(buffer, 7);
    clock.runUntilIdle();
    assertEquals([gpu.reset(), gpu.reset(), holds(buffer, 7)], [0, 0, true]);
    fill(buffer, 8);
    clock.runUntilIdle();
    assertEquals([holds(buffer, 8), (await buffer.read()).length], [true, 4 * PAGE_SIZE]);
  });
});

Deno.test("a second hang needs a second reset, and memory that was freed meanwhile becomes free", async () => {
  await bench({}, ({ device, gpu, clock, make, fill }) => {
    const buffer = make(8, "vram");
    clock.runUntilIdle();
    for (let turn = 0; turn < 2; turn++) {
      gpu.hangNext("graphics");
      fill(buffer, 1);
    }
    buffer.unreserve();
    buffer.unref();
    clock.advanceTo(100);
    assertEquals([gpu.reset(), device.dyingBuffers, device.usage("vram").usedPages], [1, 1, 8]);
    clock.runUntilIdle();
    assertEquals([gpu.reset(), device.dyingBuffers, device.usage("vram").usedPages], [1, 0, 0]);
  });
});

Deno.test("hangNext() takes a kind of engine and a number from 1, and only the n-th task hangs", async () => {
  await bench({}, ({ gpu, clock }) => {
    for (const [kind, nth] of [["dma"], [null], ["copy", 0], ["copy", 1.5], ["graphics", NaN]] as const) {
      const error = assertThrows(() => gpu.hangNext(kind as never, nth), TtmError, "Cannot let radeon-sim hang");
      assertEquals(error.code, "EINVAL");
    }
    gpu.hangNext("graphics", 3);
    const jobs = [1, 2, 3].map(() => gpu.submit({ buffers: [], durationMs: 1 }));
    clock.runUntilIdle();
    assertEquals(jobs.map(({ signalled }) => signalled), [true, true, false]);
    gpu.reset();
    gpu.submit({ buffers: [], durationMs: 1 });
    clock.runUntilIdle();
    assertEquals(gpu.graphicsStats.tasks, 4);
  });
});

let reads = 0;
const sevens: ReadOnlyStore = {
  name: "sevens",
  readOnly: true,
  read() {
    reads++;
    return new Uint8Array(2 * PAGE_SIZE).fill(7);
  },
};

for (
  const [name, use] of Object.entries(
    {
      "a submission": (device, buffer, placement) => device.submit([{ buffer, usage: "read", placement }], () => {}),
      "a validate": async (_, buffer, placement) => {
        using _reservation = await buffer.reserve();
        await buffer.validate(placement);
      },
      "a read": (_, buffer) => all(buffer),
      "a map of a user": async (_, buffer) => {
        using map = buffer.mmap();
        assertEquals(await map.read(0, 1), new Uint8Array([7]));
      },
      "a write": async (_, buffer) => {
        using _reservation = await buffer.reserve();
        await buffer.write(new Uint8Array([7]), { offset: 5000 });
      },
    } satisfies Record<string, (device: BoDevice, buffer: BufferObject, placement: PreparedPlacement) => unknown>,
  )
) {
  Deno.test(`after an upload was lost with a reset, ${name} has the contents read from their store again`, async () => {
    await bench({}, async ({ device, gpu, clock }) => {
      const placement = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
      using buffer = device.createBuffer({ bytes: 2 * PAGE_SIZE, stored: { key: "a", store: sevens } });
      gpu.hangNext("copy");
      clock.schedule(100, () => gpu.reset());
      // The second one finds the buffer in its place, and the device remembers that.
      for (let times = 0; times < 2; times++) await device.submit([{ buffer, usage: "read", placement }], () => {});
      await buffer.wait().catch(() => {});
      assertEquals([buffer.memoryType, buffer.clean, clock.now()], ["vram", true, 100]);
      reads = 0;
      await use(device, buffer, placement);
      assertEquals(reads, 1);
      assertEquals(await all(buffer), new Uint8Array(2 * PAGE_SIZE).fill(7));
    });
  });
}

Deno.test("what a job has written to a buffer from a store is lost with a reset, and the error names the buffer", async () => {
  await bench({}, async ({ device, gpu, clock, bring }) => {
    using buffer = device.createBuffer({
      bytes: 2 * PAGE_SIZE,
      label: "weights",
      stored: { key: "a", store: sevens },
    });
    const placement = { placement: [{ memoryType: "vram" }] };
    await device.submit(
      [{ buffer, placement }],
      () => gpu.submit({ buffers: [{ buffer, write: true }], durationMs: 1 }),
    );
    gpu.hangNext("copy");
    clock.schedule(100, () => gpu.reset());
    buffer.tryReserve();
    bring(buffer, "gtt");
    await buffer.wait().catch(() => {});
    const error = await assertRejects(() => buffer.read(), TtmError, 'the contents of buffer 0 "weights" are lost');
    assertEquals([error.code, buffer.clean], ["EIO", false]);
    buffer.unreserve();
  });
});

async function all(buffer: BufferObject): Promise<Uint8Array> {
  using _reservation = await buffer.reserve();
  return await buffer.read();
}
