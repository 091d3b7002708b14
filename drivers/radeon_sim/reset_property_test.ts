import { assert, assertEquals } from "@std/assert";
import { type BufferObject, checkInvariants, PAGE_SIZE, TtmError } from "@ttm/core";
import fc from "fast-check";
import { bench, SLOW } from "./testing_bench.ts";

const MAY_FAIL = ["EBUSY", "EINVAL", "EIO", "ENOMEM", "ENOSPC"];
const steps = fc.array(
  fc.record({
    act: fc.constantFrom("bring", "bring", "bring", "write", "write", "evict", "time", "hang", "reset"),
    at: fc.nat(5),
    where: fc.constantFrom("vram", "gtt", "system"),
    byte: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 10, maxLength: 80, size: "max" },
);

/** Whether an operation succeeded; it may fail because an engine hangs, memory is short, or contents are lost. */
async function succeeds(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    assert(error instanceof TtmError && MAY_FAIL.includes(error.code), String(error));
    return false;
  }
}

/** A byte that only this buffer holds, never 0. */
const byteOf = (at: number, byte: number) => 1 + 42 * at + byte % 42;
const isOwn = (at: number, byte: number) => byte === 0 || Math.floor((byte - 1) / 42) === at;

Deno.test("after any hangs and resets, contents are as they were written, or lost with a copy that was stopped", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(1, 2), steps, async (copyEngines, steps) => {
      const sizes = { visibleVram: 4 * PAGE_SIZE, gtt: 12 * PAGE_SIZE };
      await bench({ ...SLOW, ...sizes, copyEngines: copyEngines as 1 | 2 }, async ({ device, gpu, clock, make }) => {
        const plain = [1, 2, 3].map((pages) => make(pages));
        for (const buffer of plain) buffer.unreserve();
        const arrays = [1, 2, 3].map((pages) => new Uint8Array(pages * PAGE_SIZE));
        const imported = arrays.map((imported) =>
          device.createBuffer({ bytes: imported.length, kind: "sg", imported })
        );
        const buffers = [...plain, ...imported];
        const written = new Map(buffers.map((buffer) => [buffer, 0]));
        let stopped = 0;
        for (const { act, at, where, byte } of steps) {
          const buffer = buffers[at] as BufferObject;
          buffer.tryReserve();
          if (act === "bring") await succeeds(() => buffer.validate({ placement: [{ memoryType: where }] }));
          else if (act === "write") {
            const bytes = new Uint8Array(buffer.bytes).fill(byteOf(at, byte));
            if (await succeeds(() => buffer.write(bytes))) written.set(buffer, byteOf(at, byte));
          }
          buffer.unreserve();
          if (act === "evict") await succeeds(() => device.evictFirst("vram"));
          else if (act === "time") clock.advanceTo(clock.now() + 1);
          else if (act === "hang") gpu.hangNext("copy");
          else if (act === "reset") stopped += gpu.reset();
          checkInvariants(device);
        }
        gpu.hangNext("copy", Number.MAX_SAFE_INTEGER);
        for (clock.runUntilIdle(); buffers.some(({ busy }) => busy); clock.runUntilIdle()) stopped += gpu.reset();
        assertEquals(device.dyingBuffers, 0);
        let lost = 0;
        for (const [buffer, byte] of written) {
          buffer.tryReserve();
          await buffer.validate({ placement: [{ memoryType: "system" }] });
          const bytes = await buffer.read().catch((error) => assertEquals(error.code, "EIO"));
          if (bytes === undefined) lost++;
          else assert(bytes.every((each) => each === byte), `${buffer}`);
          buffer.unreserve();
        }
        assert(lost <= stopped, `${lost} buffers are lost with ${stopped} copies`);
        for (const [index, array] of arrays.entries()) {
          imported[index]?.unref();
          const own = array.every((byte) => byte === array[0]) && isOwn(3 + index, array[0] as number);
          assert(own, `array ${index} has bytes of others`);
        }
      });
    }),
    { numRuns: 150 },
  );
});
