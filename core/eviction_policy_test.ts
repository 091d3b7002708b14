import { assertEquals, assertThrows } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { testPolicy } from "@ttm/testing";
import { BoDevice, BulkMove, type EvictionPolicy, lru, mru, TtmError } from "./mod.ts";
import { place, put, refused, TestDriver, whileReserved } from "./testing_devices.ts";

for (const factory of [lru, mru]) testPolicy({ test: Deno.test, factory });

function deviceWith(policy: EvictionPolicy): BoDevice {
  const driver = new TestDriver({ vram: 4 });
  return new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, policy });
}

/** The labels of VRAM, first to go first. */
const inOrder = (device: BoDevice) => device.lru("vram").flat().map(({ label }) => label);

Deno.test("a policy decides who is evicted: the one used last with mru()", () => {
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

Deno.test("with mru(), too, lower priorities go first", () => {
  const device = deviceWith(mru());
  for (const [label, priority] of [["a", 1], ["b", 0], ["c", 1], ["d", 0]] as const) {
    put(device, "vram", { label, priority });
  }
  assertEquals(inOrder(device), ["d", "b", "c", "a"]);
});

Deno.test("a policy is not asked about the pinned, and learns of those who are pinned no longer", () => {
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
    remove: (entry) => (calls.push(`remove ${entry}`), inner.remove(entry)),
    candidates: (memoryType) => inner.candidates(memoryType),
  };
  const device = deviceWith(policy);
  const buffer = put(device, "vram", { label: "a" });
  const seen = () => calls.splice(0);
  assertEquals(seen(), ["insert 0 a vram", "touch 0"]);
  buffer.tryReserve();
  buffer.pin();
  buffer.unreserve();
  assertEquals([seen(), inOrder(device), device.pinned], [["remove 0"], [], [buffer]]);
  buffer.tryReserve();
  buffer.unpin();
  buffer.unreserve();
  assertEquals([seen(), inOrder(device)], [["insert 0 a vram"], ["a"]]);
  place(buffer, "gtt");
  assertEquals(seen(), ["insert 1 a gtt", "remove 0", "touch 1"]);
  buffer.unref();
  assertEquals(seen(), ["remove 1"]);
});

Deno.test("what is no policy, and one that serves another device, are EINVAL", () => {
  const policy = mru();
  deviceWith(policy);
  for (const [wrong, message] of [[policy, '"mru" serves another one'], [{}, "is no eviction policy"], [1, "is no"]]) {
    const error = assertThrows(() => deviceWith(wrong as EvictionPolicy), TtmError, message as string);
    assertEquals(error.code, "EINVAL");
  }
});

Deno.test("bulk moves are a part of lru() and mru(), and of no other policy", async () => {
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
