import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BufferObject } from "../api/buffer_object.ts";
import { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "./memory_type.ts";
import { type BoDevice, SimulatedClock } from "../mod.ts";
import { only, pin, place, put, testDevice, TestDriver, touch, whileReserved } from "../testing_devices.ts";

/** The labels of a memory type's buffers, by priority. */
function order(device: BoDevice, memoryType: string): (string | undefined)[][] {
  return device.lru(memoryType).map((list) => list.map((buffer) => buffer.label));
}

Deno.test("buffers are listed by memory type and priority, oldest first", () => {
  const { device } = testDevice();
  for (const [label, priority] of [["a", 0], ["b", 3], ["c", 0], ["d", 1]] as const) {
    put(device, "vram", { label, priority });
  }
  put(device, "gtt", { label: "e" });
  put(device, "system", { label: "f", priority: 2 });
  assertEquals(order(device, "vram"), [["a", "c"], ["d"], [], ["b"]]);
  assertEquals([order(device, "gtt"), order(device, "system")], [[["e"], [], [], []], [[], [], ["f"], []]]);
});

Deno.test("unreserve() moves a buffer to the tail, unlock() does not, and both keep the order of the others", () => {
  const { device } = testDevice();
  const [a, b] = ["a", "b", "c"].map((label) => put(device, "vram", { label }));
  whileReserved(a as BufferObject, () => {});
  assertEquals(order(device, "vram")[0], ["a", "b", "c"]);
  b?.tryReserve();
  assertEquals(order(device, "vram")[0], ["a", "b", "c"]); // reserved ones stay listed
  b?.unreserve();
  assertEquals(order(device, "vram")[0], ["a", "c", "b"]);
});

Deno.test("validate() of a buffer in place does not change the LRU", () => {
  const { device } = testDevice();
  const [a] = ["a", "b"].map((label) => put(device, "vram", { label }));
  whileReserved(a as BufferObject, () => a?.tryValidate(only("vram")));
  assertEquals(order(device, "vram")[0], ["a", "b"]);
});

Deno.test("a pinned buffer is on the list of the pinned and returns to the tail of its own", () => {
  const { device } = testDevice();
  const [a, b, c] = ["a", "b", "c"].map((label) => put(device, "vram", { label })) as BufferObject[];
  pin(a as BufferObject);
  pin(c as BufferObject);
  assertEquals([order(device, "vram")[0], device.pinned], [["b"], [a, c]]);
  touch(a as BufferObject);
  assertEquals(device.pinned, [c, a] as BufferObject[]); // to the tail of the pinned
  touch(c as BufferObject, () => c?.unpin());
  assertEquals([order(device, "vram")[0], device.pinned], [["b", "c"], [a]]);
  assertEquals(b?.pins, 0);
});

Deno.test("only the first pin and the last unpin move a buffer between lists", () => {
  const { device } = testDevice();
  const [a, b] = [put(device, "vram", { label: "a" }), put(device, "vram", { label: "b" })];
  for (let time = 0; time < 2; time++) for (const buffer of [a, b]) pin(buffer);
  assertEquals(device.pinned, [a, b]);
  touch(a, () => a.unpin());
  assertEquals([device.pinned, a.pins], [[b, a], 1]);
  touch(a, () => a.unpin());
  assertEquals([device.pinned, order(device, "vram")[0]], [[b], ["a"]]);
});

Deno.test("pins take effect on the lists when the buffer is unreserved, not when it is unlocked", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram", { label: "a" });
  whileReserved(buffer, () => buffer.pin());
  assertEquals([order(device, "vram")[0], device.pinned], [["a"], []]);
  touch(buffer);
  assertEquals([order(device, "vram")[0], device.pinned], [[], [buffer]]);
  whileReserved(buffer, () => buffer.unpin());
  assertEquals([order(device, "vram")[0], device.pinned], [[], [buffer]]);
  touch(buffer);
  assertEquals([order(device, "vram")[0], device.pinned], [["a"], []]);
});

Deno.test("a buffer without a place is on no list", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram", { label: "a" });
  device.createBuffer({ bytes: 1 });
  place(buffer, { placement: [] });
  assertEquals(device.memoryTypes.map((type) => order(device, type).flat()), [[], [], []]);
  pin(buffer);
  assertEquals(device.pinned, []);
});

/** The state of a device with buffers of these priorities in VRAM. */
function inside(priorities: readonly number[]) {
  const managers = { gtt: firstFit(), vram: firstFit() };
  const state = new DeviceState(new TestDriver({ vram: 100 }), managers, new SimulatedClock(), {});
  state.takeParts();
  const buffers = priorities.map((priority, id) => {
    const buffer = new BufferObject(state, { id, bytes: 1, alignment: 1, priority });
    place(buffer, "vram");
    return buffer;
  });
  const vram = state.types[2] as MemoryType;
  const walk = state.order.walk(vram);
  const next = () => {
    const row = walk.next();
    return row < 0 ? null : state.resources.buffer(row)?.id;
  };
  return { state, vram, buffers, walk, next };
}

Deno.test("a walk goes by priority, then oldest first, and stays at the end", () => {
  const { walk, next } = inside([1, 0, 3, 0, 1]);
  assertEquals([next(), next(), next(), next(), next(), next(), next()], [1, 3, 0, 4, 2, null, null]);
  walk.close();
});

Deno.test("a walk keeps its position while buffers before and after it are removed, and visits those that are added", () => {
  const { buffers, walk, next } = inside([0, 0, 0, 0, 1]);
  assertEquals([next(), next()], [0, 1]);
  for (const leaving of [1, 2]) place(buffers[leaving] as BufferObject, "system");
  place(buffers[0] as BufferObject, "vram"); // to the tail
  assertEquals([next(), next(), next(), next()], [3, 0, 4, null]);
  walk.close();
});

Deno.test("a walk leaves the lists as it found them, and walks may nest", () => {
  const { state, vram, walk, next } = inside([0, 0, 2]);
  const listed = () => [...state.order.candidates(vram)];
  const before = listed();
  next();
  const inner = state.order.walk(vram);
  inner.next();
  inner.next();
  assertEquals(listed(), before);
  inner.close();
  assertEquals([next(), next(), next()], [1, 2, null]);
  walk.close();
  assertEquals(listed(), before);
});

Deno.test("lists stay right when there are more buffers than a table starts with", () => {
  const { state, walk, next } = inside(Array.from({ length: 90 }, (_, id) => id % 4));
  const ids = [...Array(90).keys()].sort((a, b) => a % 4 - b % 4 || a - b);
  assertEquals(ids.map(() => next()), ids);
  walk.close();
  assertEquals([...state.order.pinned()], []);
});
