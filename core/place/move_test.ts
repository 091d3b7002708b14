import { assertEquals, assertStrictEquals } from "@std/assert";
import { show } from "../base/arguments.ts";
import { type BufferObject, checkInvariants, type Fence, type MoveRequest } from "../mod.ts";
import { addWork, bytesIn, fill, only, place, put, refused, testDevice } from "../testing_devices.ts";

/** From where to where, and all that the driver is asked for. */
const transitions: readonly (readonly [string | null, string, readonly string[]])[] = [
  [null, "system", ["notify 0 null>system"]],
  [null, "gtt", ["notify 0 null>gtt", "bind 0 gtt@0"]],
  [null, "vram", ["notify 0 null>vram", "move 0 zero>vram"]],
  ["system", "gtt", ["notify 0 system>gtt", "bind 0 gtt@0"]],
  ["system", "vram", ["notify 0 system>vram", "move 0 system>vram"]],
  ["gtt", "system", ["notify 0 gtt>system", "unbind 0"]],
  ["gtt", "gtt2", ["notify 0 gtt>gtt2", "unbind 0", "bind 0 gtt2@0"]],
  ["gtt", "vram", ["notify 0 gtt>vram", "move 0 gtt>vram", "unbind 0"]],
  ["vram", "system", ["notify 0 vram>system", "move 0 vram>system"]],
  ["vram", "gtt", ["notify 0 vram>gtt", "bind 0 gtt@0", "move 0 vram>gtt"]],
  ["vram", "vram", ["notify 0 vram>vram", "move 0 vram>vram"]],
];
for (const [from, to, calls] of transitions) {
  Deno.test(`a move from ${from ?? "no place"} to ${to} keeps the contents, and calls the driver's hooks in order`, async () => {
    const { device, driver, moves } = testDevice({ gtt2: 8 });
    const buffer = device.createBuffer({ bytes: 8192 });
    if (from !== null) {
      place(buffer, from);
      await fill(buffer, 7);
    }
    driver.calls.length = 0;
    moves.length = 0;
    place(buffer, only(to, from === to ? { fpfn: 4 } : {}));
    assertEquals([driver.calls, buffer.memoryType], [calls, to]);
    assertEquals(moves, [`0 ${from ?? "nowhere"}>${to}@${from === to ? 4 : 0}`]);
    assertEquals(await bytesIn(buffer), [from === null ? 0 : 7]);
    checkInvariants(device);
  });
}

Deno.test("the driver's move() sees the buffer still at its source", () => {
  const { device, driver } = testDevice();
  const seen: unknown[] = [];
  driver.beforeMove = ({ buffer, source, destination, pages, evict, after }) => {
    const { memoryType, start } = buffer;
    assertStrictEquals(destination.table, null);
    seen.push([memoryType, start, source?.start, source?.table?.boundAt, destination.start, pages, evict, after]);
  };
  put(device, "gtt");
  place(put(device, "gtt", { pages: 2 }), only("vram", { fpfn: 3 }));
  assertEquals(seen, [["gtt", 1, 1, 1, 3, 2, false, []]]);
});

Deno.test("a buffer without populated pages is cleared, not copied", async () => {
  const { device, driver } = testDevice();
  const former = put(device, "vram", { pages: 8 });
  await fill(former, 9);
  former.unref();
  const buffer = put(device, "system");
  place(buffer, "vram");
  assertEquals([driver.requests.at(-1)?.source, await bytesIn(buffer)], [null, [0]]);
});

Deno.test("new buffers read as zero in memory of freed buffers", async () => {
  const { device } = testDevice();
  for (const memoryType of ["vram", "gtt", "system"]) {
    const old = put(device, memoryType, { pages: 8 });
    await fill(old, 0xee);
    old.unref();
    assertEquals(await bytesIn(put(device, memoryType, { pages: 8 })), [0], memoryType);
  }
});

Deno.test("an immediate driver's move() is called only after the buffer's work has ended", async () => {
  const { device, driver } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  buffer.tryReserve();
  driver.requests.length = 0;
  const moved = buffer.validate(only("gtt"));
  assertEquals(driver.requests.length, 0);
  work.signal();
  await moved;
  assertEquals([driver.requests.length, buffer.memoryType], [1, "gtt"]);
});

Deno.test("pages are unbound only after the work on them has ended, but may be bound before", () => {
  const { device } = testDevice({ gtt2: 8, ordered: true });
  const buffer = put(device, "system");
  const work = addWork(buffer);
  place(buffer, "gtt");
  buffer.tryReserve();
  for (const leaving of ["system", "gtt2"]) assertStrictEquals(buffer.tryValidate(only(leaving)), work);
  work.signal();
  assertEquals([buffer.tryValidate(only("gtt2")), buffer.memoryType], [null, "gtt2"]);
});

const notFences: readonly unknown[] = [null, true, {}, { retryAfter: 5 }, Promise.resolve()];
for (const result of notFences) {
  Deno.test(`a move() that returns ${show(result)} is EINVAL, and the buffer stays`, async () => {
    const { device, driver } = testDevice();
    const buffer = put(device, "system");
    Object.defineProperty(driver, "move", { value: (_: MoveRequest) => result as Fence });
    buffer.tryReserve();
    await refused(
      () => buffer.validate(only("vram")),
      "EINVAL",
      "from move; { retryAfter: fence } postpones it",
    );
    assertEquals(buffer.memoryType, "system");
    checkInvariants(device);
  });
}

Deno.test("each resource is allocated once and freed once on every path", async () => {
  const { device } = testDevice({ gtt2: 8 });
  const buffers: BufferObject[] = [];
  const way = ["vram", "gtt", "system", "gtt2", "gtt", "vram", "system", "vram", "gtt2", "vram"];
  for (let id = 0; id < 3; id++) {
    const buffer = put(device, "system", { pages: 2 });
    await fill(buffer, id + 1);
    buffers.push(buffer);
  }
  for (const [step, to] of way.entries()) {
    for (const buffer of buffers) {
      place(buffer, to);
      checkInvariants(device);
    }
    assertEquals(await Promise.all(buffers.map(bytesIn)), [[1], [2], [3]], `step ${step}`);
  }
});
