import { assertEquals, assertStrictEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, checkInvariants, type Driver, type Fence, FenceContext, type RebindRequest } from "../mod.ts";
import {
  addWork,
  bytesIn,
  fill,
  only,
  place,
  put,
  refusedUnchanged,
  StoppedClock,
  TestDriver,
} from "../testing_devices.ts";

type Answer = ReturnType<NonNullable<Driver["rebind"]>>;

/** A device with two windows on host memory, whose driver says this when a binding is to be changed. */
function rebindingDevice(answer: (request: RebindRequest) => Answer) {
  const requests: RebindRequest[] = [];
  const driver = Object.assign(new TestDriver({ gtt: 4, gtt2: 4 }), {
    rebind: (request: RebindRequest) => {
      requests.push(request);
      return answer(request);
    },
  });
  const managers = { gtt: firstFit(), gtt2: firstFit(), vram: firstFit() };
  const device = new BoDevice({ driver, managers, clock: new StoppedClock() });
  return { device, driver, requests };
}

/** The same with changes that are queued, and their fences. */
function queueingDevice() {
  const line = new FenceContext("binds");
  const queued: Fence[] = [];
  const made = rebindingDevice(({ buffer }) => {
    if (buffer.memoryType === null) return "when idle";
    queued.push(line.next());
    return queued.at(-1);
  });
  return { ...made, queued };
}

Deno.test("a queued rebind keeps the old range and the buffer busy until it has ended", async () => {
  const { device, queued } = queueingDevice();
  const buffer = put(device, "gtt", { pages: 4 });
  await fill(buffer, 7);
  place(buffer, "gtt2");
  assertEquals([buffer.memoryType, buffer.tt?.boundTo, buffer.busy], ["gtt2", "gtt2", true]);
  assertEquals([device.usage("gtt").usedPages, device.dyingBuffers], [4, 1]);
  checkInvariants(device);
  queued[0]?.signal();
  assertEquals([device.usage("gtt").usedPages, buffer.busy, await bytesIn(buffer)], [0, false, [7]]);
});

for (const target of ["system", "gtt2"]) {
  Deno.test(`a rebind to ${target} is queued behind the work on the buffer without waiting`, () => {
    const { device, driver, requests } = queueingDevice();
    const buffer = put(device, "gtt");
    const work = addWork(buffer);
    driver.calls.length = 0;
    place(buffer, target);
    const request = requests.at(-1);
    assertStrictEquals(request?.buffer, buffer);
    assertEquals([request?.memoryType, request?.start, request?.after], [target, 0, [work]]);
    assertEquals(buffer.tt?.boundTo, target === "system" ? null : target);
    assertEquals(driver.calls, [`notify 0 gtt>${target}`]);
    checkInvariants(device);
  });
}

Deno.test("rebind is called also if neither place is bound", () => {
  const { device, requests } = queueingDevice();
  const buffer = put(device, only("system", { temporary: true }));
  place(buffer, "system");
  assertEquals([requests.map(({ memoryType }) => memoryType), device.dyingBuffers], [["system", "system"], 1]);
});

Deno.test("rebind is called for the first binding, too", () => {
  const { device, driver, requests } = rebindingDevice(() => {});
  const buffer = put(device, "gtt", { pages: 2 });
  assertEquals([requests.length, buffer.tt?.boundTo, buffer.tt?.boundAt], [1, "gtt", 0]);
  assertEquals(driver.calls, ["notify 0 null>gtt"]);
});

Deno.test("an eviction with a queued rebind frees the range when it has ended", () => {
  const { device, queued } = queueingDevice();
  const victim = put(device, "gtt", { pages: 4 });
  const tenant = device.createBuffer({ bytes: 4 * 4096 });
  tenant.tryReserve();
  assertStrictEquals(tenant.tryValidate(only("gtt")), queued[0]);
  queued[0]?.signal();
  assertEquals([tenant.tryValidate(only("gtt")), victim.memoryType, tenant.start], [null, "system", 0]);
  tenant.unreserve();
});

Deno.test('"when idle" makes the core wait for the work, unbind and bind', () => {
  const { device, driver } = rebindingDevice(() => "when idle");
  const buffer = put(device, "gtt");
  const work = addWork(buffer);
  driver.calls.length = 0;
  buffer.tryReserve();
  assertStrictEquals(buffer.tryValidate(only("gtt2")), work);
  assertEquals([buffer.memoryType, buffer.tt?.boundTo], ["gtt", "gtt"]);
  work.signal();
  driver.calls.length = 0;
  assertEquals(buffer.tryValidate(only("gtt2")), null);
  assertEquals(driver.calls, ["notify 0 gtt>gtt2", "unbind 0", "bind 0 gtt2@0"]);
  buffer.unreserve();
});

Deno.test("a rebind that is done at once frees the old range at once", () => {
  const { device, driver } = rebindingDevice(() => {});
  const buffer = put(device, "gtt");
  driver.calls.length = 0;
  place(buffer, "gtt2");
  assertEquals([device.usage("gtt").usedPages, buffer.tt?.boundAt, buffer.busy], [0, 0, false]);
  assertEquals(driver.calls, ["notify 0 gtt>gtt2"]);
  place(buffer, "system");
  assertEquals(buffer.tt?.boundTo, null);
});

const refusals: Record<string, () => Answer> = {
  "the driver failed": () => {
    throw new Error("the driver failed");
  },
  "neither a fence nor": () => 5 as never,
};
for (const [why, answer] of Object.entries(refusals)) {
  Deno.test(`if rebind fails (${why}) the buffer stays bound where it was`, async () => {
    const { device } = rebindingDevice(({ buffer }) => buffer.memoryType === null ? undefined : answer());
    const buffer = put(device, "gtt");
    const code = why.startsWith("neither") ? "EINVAL" : "EIO";
    await refusedUnchanged(device, [buffer], () => place(buffer, "gtt2"), code, why);
  });
}
