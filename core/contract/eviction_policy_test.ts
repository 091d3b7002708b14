import { assertEquals, assertThrows } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { testPolicy } from "@ttm/testing";
import {
  BoDevice,
  type BufferObject,
  BulkMove,
  checkInvariants,
  type EvictionPolicy,
  lru,
  mru,
  TtmError,
} from "../mod.ts";
import { only, place, put, refused, TestDriver, whileReserved } from "../testing_devices.ts";

for (const factory of [lru, mru]) testPolicy({ test: Deno.test, factory });

function deviceWith(policy: EvictionPolicy): BoDevice {
  const driver = new TestDriver({ vram: 4 });
  return new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, policy });
}

/** The labels of the buffers in VRAM, in the order of eviction. */
const inOrder = (device: BoDevice) => device.lru("vram").flat().map(({ label }) => label);

Deno.test("the policy chooses victims: mru() evicts the buffer that was used last", () => {
  for (const [policy, evicted, left] of [[lru(), "a", ["b", "c", "d"]], [mru(), "c", ["d", "b", "a"]]] as const) {
    const device = deviceWith(policy);
    const [a, b, c] = ["a", "b", "c"].map((label) =>
      put(device, "vram", { label, bytes: 4096 * (label === "c" ? 2 : 1) })
    );
    const d = put(device, "vram", { label: "d", bytes: 4096 });
    assertEquals([a, b, c].filter((buffer) => buffer?.memoryType === "gtt").map((buffer) => buffer?.label), [evicted]);
    assertEquals([inOrder(device), d.memoryType], [[...left], "vram"]);
  }
});

Deno.test("mru() evicts lower priorities first", () => {
  const device = deviceWith(mru());
  for (const [label, priority] of [["a", 1], ["b", 0], ["c", 1], ["d", 0]] as const) {
    put(device, "vram", { label, priority });
  }
  assertEquals(inOrder(device), ["d", "b", "c", "a"]);
});

Deno.test("pinned buffers are removed from the policy, and inserted again at the last unpin", () => {
  const calls: string[] = [];
  const inner = lru();
  const policy: EvictionPolicy = {
    name: "watched",
    insert: (
      entry,
      buffer,
      type,
    ) => (calls.push(`insert ${entry} ${buffer.label} ${type}`), inner.insert(entry, buffer, type)),
    touch: (entry) => (calls.push(`touch ${entry}`), inner.touch(entry)),
    remove: (entry, why) => (calls.push(`remove ${entry} ${why}`), inner.remove(entry, why)),
    candidates: (memoryType) => inner.candidates(memoryType),
  };
  const device = deviceWith(policy);
  const buffer = put(device, "vram", { label: "a" });
  const seen = () => calls.splice(0);
  assertEquals(seen(), ["insert 0 a vram", "touch 0"]);
  buffer.tryReserve();
  buffer.pin();
  buffer.unreserve();
  assertEquals([seen(), inOrder(device), device.pinned], [["remove 0 pinned"], [], [buffer]]);
  buffer.tryReserve();
  buffer.unpin();
  buffer.unreserve();
  assertEquals([seen(), inOrder(device)], [["insert 0 a vram"], ["a"]]);
  place(buffer, "gtt");
  assertEquals(seen(), ["insert 1 a gtt", "remove 0 moved", "touch 1"]);
  buffer.unref();
  assertEquals(seen(), ["remove 1 freed"]);
});

/** An lru() that records each removal: the label, the memory type and the reason. */
function watchedLosses(): { readonly policy: EvictionPolicy; readonly seen: () => string[] } {
  const losses: string[] = [];
  const names: string[] = [];
  const inner = boundTo(lru());
  const policy: EvictionPolicy = {
    ...inner,
    insert(entry, buffer, type) {
      names[entry] = `${buffer.label} ${type}`;
      inner.insert(entry, buffer, type);
    },
    remove(entry, why) {
      losses.push(`${names[entry]} ${why}`);
      inner.remove(entry, why);
    },
  };
  return { policy, seen: () => losses.splice(0) };
}

Deno.test("remove() tells a policy whether an entry was evicted, moved or freed", async () => {
  const { policy, seen } = watchedLosses();
  const driver = new TestDriver({ vram: 4 });
  const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, policy });
  const a = put(device, "vram", { label: "a", pages: 4 });
  assertEquals(seen(), []);
  const b = put(device, "vram", { label: "b", pages: 4 });
  assertEquals(seen(), ["a vram evicted"]);
  place(b, "system");
  assertEquals(seen(), ["b vram moved"]);
  await device.evictFirst("gtt");
  await device.swapOut({ memoryType: "system", pages: 4 });
  assertEquals(seen(), ["a gtt evicted"]);
  place(b, "gtt");
  await device.swapOut({ memoryType: "gtt" });
  assertEquals(seen(), ["b system moved", "b gtt evicted"]);
  place(a, { placement: [] });
  assertEquals(seen(), ["a system freed"]);
  place(a, "vram");
  driver.evict = () => ({ placement: [] });
  await device.evictAll("vram");
  assertEquals(seen(), ["a vram evicted"]);
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  await refused(() => place(b, "vram"), "EIO");
  assertEquals(seen(), ["b vram freed"]);
  b.unref();
  assertEquals(seen(), ["b system freed"]);
});

Deno.test("an eviction through a hop is reported as an eviction from its source, not from the hop", async () => {
  const { policy, seen } = watchedLosses();
  const driver = new TestDriver();
  const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, policy });
  driver.stop = (from, to) => from !== "gtt" && to !== "gtt" ? { memoryType: "gtt" } : null;
  driver.evict = () => only("system");
  const buffer = put(device, "vram", { label: "a" });
  await device.evictAll("vram");
  assertEquals([buffer.memoryType, seen()], ["system", ["a vram evicted", "a gtt moved"]]);
  place(buffer, "vram");
  assertEquals(seen(), ["a system moved", "a gtt moved"]);
});

for (
  const [what, leave] of [
    [
      "evicted",
      (_buffer: BufferObject, device: BoDevice) => void device.evictAll("vram", { noWait: true }).catch(() => {}),
    ],
    ["moved", (buffer: BufferObject) => place(buffer, "gtt")],
    ["freed", (buffer: BufferObject) => place(buffer, { placement: [] })],
  ] as const
) {
  Deno.test(`a place that a copy still reads from is removed from the policy when the copy has ended, as ${what}`, () => {
    const { policy, seen } = watchedLosses();
    const driver = new TestDriver({ ordered: true });
    Object.assign(driver.supports, { pipelinedEvictions: false });
    const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, policy });
    const buffer = put(device, "vram", { label: "a" });
    if (what !== "freed") driver.finishCopy();
    leave(buffer, device);
    assertEquals([seen(), device.lru("vram").flat().map(String)], [[], ['ghost of buffer 0 "a"']]);
    driver.finishCopy();
    assertEquals(seen(), [`a vram ${what}`]);
  });
}

Deno.test("order() of a policy is called for listings, and walk() for victims", async () => {
  const walks: string[] = [];
  const inner = boundTo(lru());
  const policy: EvictionPolicy = {
    ...inner,
    candidates: (memoryType) => (walks.push(memoryType), inner.candidates(memoryType)),
    *order(memoryType) {
      const walk = inner.candidates(memoryType);
      for (let entry = walk.next(); entry >= 0; entry = walk.next()) yield entry;
      walk.close();
    },
  };
  const device = deviceWith(policy);
  put(device, "vram", { label: "a", pages: 3 });
  assertEquals(inOrder(device), ["a"]);
  checkInvariants(device);
  device.dump();
  assertEquals(walks, []);
  put(device, "vram", { label: "b", pages: 3 });
  assertEquals([inOrder(device), walks], [["b"], ["vram"]]);
  await device.evictFirst("vram");
  assertEquals(walks, ["vram", "vram"]);
});

Deno.test("every walk is closed exactly once", async () => {
  let open = 0;
  const inner = boundTo(lru());
  const policy: EvictionPolicy = {
    ...inner,
    candidates(memoryType) {
      const walk = inner.candidates(memoryType);
      open++;
      return {
        next: () => walk.next(),
        close() {
          open--;
          walk.close();
        },
      };
    },
  };
  const managers = { vram: firstFit({ scan: true }), gtt: firstFit() };
  const device = new BoDevice({ driver: new TestDriver({ vram: 4 }), managers, policy });
  for (let turn = 0; turn < 8; turn++) put(device, "vram", { pages: 1 + turn % 3 });
  const tooLarge = device.createBuffer({ bytes: 5 * 4096 });
  await refused(() => place(tooLarge, "vram"), "ENOMEM");
  await device.evictFirst("gtt");
  await device.swapOut({ memoryType: "gtt", pages: 3 });
  await device.evictAll("vram");
  checkInvariants(device);
  device.dump();
  assertEquals(open, 0);
});

Deno.test("the search ends with a policy that returns the same entry for ever, and checkInvariants() detects it", () => {
  const inner = boundTo(lru());
  const endless = { next: () => 0, close: () => {} };
  const device = deviceWith({
    ...inner,
    candidates: (memoryType) => memoryType === "vram" ? endless : inner.candidates(memoryType),
  });
  put(device, "vram", { label: "a" });
  assertEquals(inOrder(device), ["a", "a"]);
  assertThrows(() => checkInvariants(device), Error, 'buffer 0 "a" is listed twice');
});

Deno.test("an object that is not a policy, and a policy of another device, are EINVAL", () => {
  const policy = mru();
  deviceWith(policy);
  const wrongs = [[policy, '"mru" is used by another device'], [{}, "is not an eviction policy"], [
    1,
    "is no",
  ]] as const;
  const oddOrder = { ...boundTo(lru()), order: [] };
  for (const [wrong, message] of [...wrongs, [oddOrder, "is not an eviction policy"] as const]) {
    const error = assertThrows(() => deviceWith(wrong as EvictionPolicy), TtmError, message);
    assertEquals(error.code, "EINVAL");
  }
});

Deno.test("only lru() and mru() support bulk moves", async () => {
  for (
    const [policy, works] of [[lru(), true], [mru(), true], [{ ...boundTo(lru()), name: "other" }, false]] as const
  ) {
    const device = deviceWith(policy);
    const buffer = put(device, "vram");
    const set = () => whileReserved(buffer, () => buffer.setBulkMove(new BulkMove()));
    if (works) set();
    else await refused(set, "EINVAL", 'the policy "other" has none');
  }
});

function boundTo(policy: EvictionPolicy): EvictionPolicy {
  return {
    name: policy.name,
    insert: policy.insert.bind(policy),
    touch: policy.touch.bind(policy),
    remove: policy.remove.bind(policy),
    candidates: policy.candidates.bind(policy),
  };
}
