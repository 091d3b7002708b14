import { assertEquals } from "@std/assert";
import { checkInvariants } from "../mod.ts";
import { addWork, fence, only, place, put, refused, testDevice, whileReserved } from "../testing_devices.ts";

function siblings() {
  const { device, driver } = testDevice({ vram: 2 });
  const first = put(device, "vram");
  const second = put(device, "vram", { reservation: first.reservation });
  const third = device.createBuffer({ bytes: 4096, reservation: first.reservation });
  return { device, driver, first, second, third };
}

Deno.test("validate() does not evict buffers that share the reservation of its buffer", async () => {
  const { first, second, third } = siblings();
  third.tryReserve();
  await refused(() => third.validate(only("vram")), "ENOMEM");
  assertEquals([first, second, third].map(({ memoryType }) => memoryType), ["vram", "vram", null]);
  third.unreserve();
});

Deno.test("validate() with evictSiblings evicts buffers that share the reservation of its buffer", async () => {
  const { device, first, second, third } = siblings();
  third.tryReserve();
  await third.validate(only("vram"), { evictSiblings: true });
  assertEquals([first, second, third].map(({ memoryType }) => memoryType), ["gtt", "vram", "vram"]);
  assertEquals(first.reserved, true);
  await refused(() => third.validate(only("gtt"), { evictSiblings: 1 as never }), "EINVAL", "evictSiblings");
  third.unreserve();
  checkInvariants(device);
});

Deno.test("a released buffer waits for the fences that its shared reservation had at the release, and for none added later", () => {
  const { device, first, second } = siblings();
  const work = addWork(first);
  second.unref();
  const later = addWork(first, fence("later"));
  assertEquals([device.dyingBuffers, second.reservation === first.reservation], [1, false]);
  work.signal();
  assertEquals([device.dyingBuffers, first.busy], [0, true]);
  later.signal();
  checkInvariants(device);
});

Deno.test("a released buffer is freed although others hold the reservation that it shared", () => {
  const { device, first, second } = siblings();
  first.tryReserve();
  second.unref();
  assertEquals([device.usage("vram").residents, first.reserved], [1, true]);
  first.unreserve();
});

Deno.test("a shared reservation that was taken through a buffer can be unreserved through it after its release", () => {
  const { first, second } = siblings();
  second.tryReserve();
  second.unref();
  second.unreserve();
  assertEquals(first.reserved, false);
});

Deno.test("a moved buffer and those that share its reservation are busy until the copy ends, and a ghost object has the old place", () => {
  const { device, driver } = testDevice({ ordered: true });
  const first = put(device, "gtt");
  const second = put(device, "gtt", { reservation: first.reservation });
  place(first, "vram");
  assertEquals([second.busy, device.dying.map((ghost) => ghost.toString())], [true, ["ghost of buffer 0"]]);
  driver.finishCopy();
  assertEquals([second.busy, device.dyingBuffers], [false, 0]);
  whileReserved(second, () => assertEquals(second.tryValidate(only("gtt")), null));
});
