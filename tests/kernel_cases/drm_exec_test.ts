import { assertEquals } from "@std/assert";
import { Exec } from "@ttm/core";
import { fence, put, testDevice } from "../../core/testing_devices.ts";

Deno.test("sanitycheck: an exec begins and ends", () => {
  const exec = new Exec();
  exec.finish();
  assertEquals(exec.buffers, []);
});

Deno.test("test_lock: one buffer is locked", async () => {
  const buffer = put(testDevice().device, "vram");
  using exec = new Exec();
  await exec.run(() => exec.lock(buffer));
  assertEquals([exec.buffers, buffer.reserved], [[buffer], true]);
});

Deno.test("test_lock_unlock: one buffer is locked, unlocked, and locked again", async () => {
  const buffer = put(testDevice().device, "vram");
  using exec = new Exec();
  await exec.run(async () => {
    await exec.lock(buffer);
    exec.unlock(buffer);
    await exec.lock(buffer);
  });
  assertEquals(exec.buffers, [buffer]);
});

Deno.test("test_duplicates: where duplicates are ignored, the same buffer may be locked twice", async () => {
  const buffer = put(testDevice().device, "vram");
  using exec = new Exec({ ignoreDuplicates: true });
  await exec.run(async () => {
    await exec.lock(buffer);
    await exec.lock(buffer);
  });
  exec.unlock(buffer);
  assertEquals([exec.buffers, buffer.reserved], [[], false]);
});

Deno.test("test_prepare: a locked buffer has room for the fence of a submission", async () => {
  const buffer = put(testDevice().device, "vram");
  using exec = new Exec();
  await exec.run(() => exec.lock(buffer));
  const work = fence();
  buffer.addFence(work, "write");
  assertEquals(buffer.reservation.fences.pending(), work);
});

Deno.test("test_prepare_array: several buffers are locked at once", async () => {
  const { device } = testDevice();
  const buffers = [put(device, "vram"), put(device, "vram")];
  using exec = new Exec();
  await exec.run(() => exec.lockAll(buffers));
  assertEquals([exec.buffers, exec.ticket.acquired], [buffers, 2]);
});

Deno.test("test_multiple_loops: two loops that lock nothing follow one another", () => {
  for (let loop = 0; loop < 2; loop++) {
    using exec = new Exec();
    let turns = 0;
    while (exec.cleanup()) turns++;
    assertEquals(turns, 1);
  }
});
