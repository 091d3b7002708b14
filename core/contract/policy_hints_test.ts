import { assertEquals, assertThrows } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { lookahead } from "@ttm/policies";
import { BoDevice, type BufferObject, type EvictionPolicy, lru, TtmError } from "../mod.ts";
import { addWork, only, pin, put, TestDriver, touch } from "../testing_devices.ts";

const VRAM = 8;

/** A device whose policy lists what it is told of hints: `"2=0"` for the turn of an entry. */
function watched(ordered = false) {
  const inner = lru();
  const calls: string[] = [];
  const policy: EvictionPolicy = {
    name: "watched",
    insert: (entry, buffer, type) => (calls.push(`insert ${entry}`), inner.insert(entry, buffer, type)),
    touch: (entry) => inner.touch(entry),
    remove: (entry, why) => (calls.push(`remove ${entry}`), inner.remove(entry, why)),
    hint: (entry, next) => void calls.push(`${entry}=${next}`),
    candidates: (memoryType) => inner.candidates(memoryType),
  };
  const driver = new TestDriver({ vram: VRAM, gtt: 64, ordered });
  const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, policy });
  return { device, driver, told: () => calls.splice(0).join(" ") };
}

Deno.test("a policy is told of each change of a turn, of those who are candidates", async () => {
  const { device, told } = watched();
  const [a, b] = [put(device, "vram"), put(device, "vram")];
  const away = device.createBuffer({ bytes: 4096 });
  told();
  device.hint([a, away, b, a]);
  assertEquals(told(), "0=0 1=2");
  await device.submit([{ buffer: a, placement: only("vram") }], () => {});
  assertEquals(told().split(" ")[0], "0=3");
  device.hint([b]);
  assertEquals(told(), "0=Infinity 1=0");
});

Deno.test("it is told after an entry has come, wherever its buffer goes", () => {
  const { device, told } = watched();
  const buffer = device.createBuffer({ bytes: 4096 });
  device.hint([buffer]);
  touch(buffer, () => buffer.tryValidate(only("vram")));
  touch(buffer, () => buffer.tryValidate(only("gtt")));
  assertEquals(told(), "insert 0 0=0 insert 1 1=0 remove 0");
});

Deno.test("it is not told of the pinned until they are pinned no longer", () => {
  const { device, told } = watched();
  const buffer = put(device, "vram");
  pin(buffer);
  told();
  device.hint([buffer]);
  assertEquals(told(), "");
  touch(buffer, () => buffer.unpin());
  assertEquals(told(), "insert 0 0=0");
  touch(buffer, () => buffer.setPriority(2));
  assertEquals(told(), "remove 0 insert 0 0=0");
});

Deno.test("what a buffer has left behind, and who has no users, is not expected", () => {
  const { device, driver, told } = watched(true);
  const buffer = put(device, "gtt");
  while (driver.copies.length > 0) driver.finishCopy();
  device.hint([buffer]);
  touch(buffer, () => buffer.tryValidate(only("vram")));
  assertEquals(told(), "insert 0 0=0 insert 1 1=0 0=Infinity");
  const work = addWork(buffer);
  while (driver.copies.length > 0) driver.finishCopy();
  told();
  buffer.unref();
  assertEquals(told(), "1=Infinity");
  work.signal();
  device.hint([]);
  assertEquals(told(), "remove 1");
});

for (const make of [() => lru(), () => lookahead(lru())]) {
  Deno.test(`with ${make().name} a buffer is kept for a hint until that proves wrong`, async () => {
    const driver = new TestDriver({ vram: 3, gtt: 64 });
    const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, policy: make() });
    const [hinted, ...used] = [put(device, "vram"), put(device, "vram"), put(device, "vram"), put(device, "gtt")];
    const placement = device.preparePlacement(only("vram"));
    const places: unknown[] = [];
    for (let turn = 0; turn < 4; turn++) {
      device.hint([hinted]);
      await device.submit([{ buffer: used[(turn + 2) % 3] as BufferObject, placement }], () => {});
      while (driver.copies.length > 0) driver.finishCopy();
      places.push(hinted.memoryType);
    }
    // The second eviction of the others tells that the first one was wrong.
    assertEquals(places, ["vram", "vram", "gtt", "gtt"]);
    assertEquals(used.map(({ memoryType }) => memoryType), ["vram", "vram", "vram"]);
  });
}

Deno.test("hints that were wrong have no say in the order and in uploads, even if it turns out after they have ended", async () => {
  const driver = new TestDriver({ vram: 3, gtt: 64 });
  const managers = { vram: firstFit(), gtt: firstFit() };
  const device = new BoDevice({ driver, managers, policy: lookahead(lru()) });
  const [a, b, c, d] = [put(device, "vram"), put(device, "vram"), put(device, "vram"), put(device, "gtt")];
  const placement = device.preparePlacement(only("vram"));
  const submit = async (buffer: BufferObject) => {
    await device.submit([{ buffer, placement }], () => {});
    while (driver.copies.length > 0) driver.finishCopy();
  };
  for (const buffer of [a, b, c]) await submit(buffer);
  device.hint([a]);
  await submit(d);
  device.hint([]);
  await submit(b);
  device.hint([c, a]);
  assertEquals(device.lru("vram")[0], [c, d, b]);
  d.unref();
  await submit(b);
  assertEquals([a.memoryType, b.memoryType, c.memoryType], ["gtt", "vram", "vram"]);
  device.hint([]);
});

Deno.test("a policy whose hint is no function is none", () => {
  const policy = Object.assign(lru(), { hint: 5 }) as unknown as EvictionPolicy;
  assertThrows(() => new BoDevice({ driver: new TestDriver(), managers: {}, policy }), TtmError, "eviction policy");
});
