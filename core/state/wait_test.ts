import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, checkInvariants, SimulatedClock, WAIT_BUDGET_MS } from "../mod.ts";
import { addWork, fence, only, put, refused, testDevice, TestDriver, whileReserved } from "../testing_devices.ts";

Deno.test("the time limit of waits is 15 seconds", () => assertEquals(WAIT_BUDGET_MS, 15_000));

Deno.test("validate() waits for the fence in its way and continues", async () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  buffer.tryReserve();
  const moved = buffer.validate(only("gtt"));
  assertEquals([clock.pending, buffer.memoryType], [1, "vram"]);
  work.signal();
  await moved;
  assertEquals([clock.pending, buffer.memoryType], [0, "gtt"]);
});

Deno.test("validate() is EBUSY when 15 s have passed on the device's clock, and not before", async () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  addWork(buffer);
  clock.advanceTo(100);
  buffer.tryReserve();
  let over = false;
  const moved = refused(() => buffer.validate(only("gtt")), "EBUSY", "has not ended").finally(() => over = true);
  clock.advanceTo(100 + WAIT_BUDGET_MS - 1);
  await Promise.resolve();
  assertEquals([over, clock.pending], [false, 1]);
  clock.advanceTo(100 + WAIT_BUDGET_MS);
  await moved;
  assertEquals([over, clock.pending, buffer.memoryType], [true, 0, "vram"]);
  checkInvariants(device);
});

Deno.test("all waits of one call share one time limit", async () => {
  const { device, clock } = testDevice();
  const victims = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })];
  const works = victims.map((victim) => addWork(victim));
  const buffer = put(device, "system", { pages: 8 });
  buffer.tryReserve();
  const moved = refused(() => buffer.validate(only("vram")), "EBUSY");
  clock.advanceTo(WAIT_BUDGET_MS - 1);
  works[0]?.signal();
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  assertEquals(victims.map(({ memoryType }) => memoryType), ["gtt", "vram"]); // it waits for the second now
  clock.advanceTo(WAIT_BUDGET_MS);
  await moved;
  assertEquals([victims[0]?.memoryType, buffer.memoryType], ["gtt", "system"]); // evictions stay
  checkInvariants(device);
});

Deno.test("a call that starts to wait later has the whole 15 seconds", async () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  clock.advanceTo(WAIT_BUDGET_MS);
  const waited = buffer.wait();
  clock.advanceTo(2 * WAIT_BUDGET_MS - 1);
  work.signal();
  await waited;
});

Deno.test("a fence that signals at the last moment is in time", async () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  clock.schedule(WAIT_BUDGET_MS, () => work.signal());
  const waited = buffer.wait();
  clock.advanceTo(WAIT_BUDGET_MS);
  await waited;
});

Deno.test("wait() of a usage waits for that usage and those before it", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const [move, read] = [fence(), fence()];
  whileReserved(buffer, () => [buffer.addFence(move, "kernel"), buffer.addFence(read, "read")]);
  const kernel = buffer.wait({ usage: "kernel" });
  await refused(() => buffer.wait({ usage: "kernel", noWait: true }), "EBUSY", "its work has not ended");
  move.signal();
  await kernel;
  await buffer.wait({ usage: "write", noWait: true });
  await refused(() => buffer.wait({ usage: "read", noWait: true }), "EBUSY");
  read.signal(new Error("hung"));
  await buffer.wait({ noWait: true });
  await refused(() => buffer.wait({ usage: "kernal" as "kernel" }), "EINVAL", 'there is no usage "kernal"');
});

Deno.test("with noWait validate() skips busy victims and evicts idle ones", async () => {
  const { device } = testDevice();
  const [busy, idle] = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })];
  const work = addWork(busy);
  const buffer = put(device, "system", { pages: 2 });
  buffer.tryReserve();
  await buffer.validate(only("vram"), { noWait: true });
  assertEquals([busy, idle, buffer].map(({ memoryType }) => memoryType), ["vram", "gtt", "vram"]);
  const large = put(device, "system", { pages: 8 });
  large.tryReserve();
  await refused(() => large.validate(only("vram"), { noWait: true }), "ENOMEM", "1 reserved, 1 busy");
  assertEquals(work.signalled, false);
  checkInvariants(device);
});

Deno.test("with noWait work on the buffer itself is EBUSY", async () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  addWork(buffer);
  buffer.tryReserve();
  await refused(() => buffer.validate(only("gtt"), { noWait: true }), "EBUSY");
  assertEquals([buffer.memoryType, device.usage("gtt").usedPages, clock.pending], ["vram", 0, 0]);
});

Deno.test("tryValidate() returns the fence in its way, and leaves the buffer in place", () => {
  const { device, clock } = testDevice();
  const victim = put(device, "vram", { pages: 8 });
  const work = addWork(victim);
  const buffer = put(device, "system");
  buffer.tryReserve();
  assertEquals(buffer.tryValidate(only("vram")) === work, true);
  assertEquals([buffer.memoryType, victim.memoryType, victim.reserved, clock.pending], ["system", "vram", false, 0]);
  work.signal();
  assertEquals(buffer.tryValidate(only("vram")), null);
  checkInvariants(device);
});

Deno.test("a tracer that ends the work lets the operation go on without waiting", () => {
  const { device } = testDevice({ tracer: { wait: (blocking) => blocking.signal() } });
  const buffer = put(device, "vram");
  addWork(buffer);
  buffer.tryReserve();
  assertEquals([buffer.tryValidate(only("gtt")), buffer.memoryType], [null, "gtt"]);
});

Deno.test("validate() of a buffer that is unreserved while it waits is EINVAL, and moves nothing", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  buffer.tryReserve();
  const moved = refused(() => buffer.validate(only("gtt")), "EINVAL", "it is not reserved");
  buffer.unlock();
  work.signal();
  await moved;
  assertEquals(buffer.memoryType, "vram");
});

Deno.test("a wait for a fence that never signals takes 15 simulated seconds and no real time", async () => {
  const clock = new SimulatedClock();
  const managers = { gtt: firstFit(), vram: firstFit() };
  const device = new BoDevice({ driver: new TestDriver(), managers, clock });
  const buffer = put(device, "vram");
  addWork(buffer);
  await refused(() => buffer.wait(), "EBUSY");
  assertEquals(clock.now(), WAIT_BUDGET_MS);
});

Deno.test("two validates that each need the other's room both succeed", async () => {
  const { device } = testDevice();
  const [a, b] = [put(device, "vram", { pages: 8 }), put(device, "gtt", { pages: 8 })];
  const [workA, workB] = [addWork(a), addWork(b)];
  a.tryReserve();
  b.tryReserve();
  const moves = Promise.all([a.validate(only("system")), b.validate(only("system"))]);
  workB.signal();
  workA.signal();
  await moves;
  assertEquals([a.memoryType, b.memoryType], ["system", "system"]);
  checkInvariants(device);
});
