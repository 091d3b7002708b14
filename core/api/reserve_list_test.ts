import { assertEquals, assertThrows } from "@std/assert";
import { type BufferObject, checkInvariants, type ListEntry, reserveList, TtmError } from "../mod.ts";
import { fence, put, refused, testDevice } from "../testing_devices.ts";

/** At least four buffers, the most that a test destructures. */
type Several = [BufferObject, BufferObject, BufferObject, BufferObject, ...BufferObject[]];

function buffersOf(count: number) {
  const { device } = testDevice();
  const buffers = Array.from({ length: count }, () => put(device, "system")) as Several;
  return { device, buffers, lru: () => device.lru("system")[0] };
}

/** Lets all pending tasks run until each of them is waiting. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

const entriesOf = (buffers: readonly BufferObject[]): ListEntry[] => buffers.map((buffer) => ({ buffer }));

Deno.test("a list is reserved as a whole, and unreserved in the order of its entries", async () => {
  const { buffers, lru } = buffersOf(4);
  const [a, b, c, d] = buffers;
  const list = await reserveList(entriesOf([c, a]));
  assertEquals(buffers.map((buffer) => buffer.reserved), [true, false, true, false]);
  assertEquals([list.ticket.acquired, list.entries.map(({ buffer }) => buffer)], [2, [c, a]]);
  list[Symbol.dispose]();
  assertEquals([lru(), list.ticket.acquired], [[b, d, c, a], 0]);
  list[Symbol.dispose]();
});

Deno.test("an empty list is reserved at once", async () => {
  using list = await reserveList([]);
  assertEquals(list.entries, []);
});

Deno.test("fence() of a list adds the fence to each buffer with its usage, and unreserves the list", async () => {
  const { buffers: [a, b] } = buffersOf(2);
  const list = await reserveList([{ buffer: a, usage: "read" }, { buffer: b }]);
  const work = fence();
  list.fence(work);
  assertEquals([a.reserved, b.reserved], [false, false]);
  const pending = [a, b].map(({ reservation: { fences } }) => [fences.pending("write"), fences.pending("read")]);
  assertEquals(pending, [[null, work], [work, work]]);
  assertThrows(() => list.fence(fence()), TtmError, "it is no longer reserved");
});

Deno.test("a buffer that is in a list twice is EALREADY, or is skipped with `skipDuplicates`", async () => {
  const { buffers, lru } = buffersOf(3);
  const [a, b] = buffers;
  await refused(() => reserveList(entriesOf([a, b, a])), "EALREADY");
  assertEquals([a.reserved, b.reserved, lru()], [false, false, buffers]);
  using list = await reserveList(entriesOf([a, b, a]), { skipDuplicates: true });
  assertEquals(list.entries.map(({ buffer }) => buffer), [a, b]);
});

Deno.test("a buffer that a list both reads and writes gets a write fence, in either order, also through a shared reservation", async () => {
  const { device, buffers: [a, b, c] } = buffersOf(3);
  const sibling = put(device, "system", { reservation: a.reservation });
  const read = { buffer: a, usage: "read" } as const;
  const written: Readonly<Record<string, readonly ListEntry[]>> = {
    "read, write": [read, { buffer: a, usage: "write" }],
    "write, read": [{ buffer: a, usage: "write" }, read],
    "read, nothing said": [read, { buffer: a }],
    "read, write of a sibling": [read, { buffer: sibling, usage: "write" }],
  };
  for (const [name, entries] of Object.entries(written)) {
    const others: ListEntry[] = [{ buffer: b, usage: "read" }, { buffer: c, usage: "read" }];
    const list = await reserveList([...others, ...entries], { skipDuplicates: true });
    assertEquals(list.entries.map(({ usage }) => usage), ["read", "read", "write"], name);
    const work = fence();
    list.fence(work);
    assertEquals([a, b, c].map(({ reservation }) => reservation.pending("write")), [work, null, null], name);
    work.signal();
  }
  const list = await reserveList([read, read, { buffer: b }], { skipDuplicates: true });
  assertEquals(list.entries, [read, { buffer: b }]);
  list[Symbol.dispose]();
});

Deno.test("a list that had to back off has each buffer once and in order, also with duplicate entries", async () => {
  const { buffers: [a, b, c] } = buffersOf(3);
  const older = await reserveList(entriesOf([c]));
  const [first, second, third] = entriesOf([a, b, c]) as [ListEntry, ListEntry, ListEntry];
  const younger = reserveList([second, first, second, third, first], { skipDuplicates: true });
  await allBlocked();
  older[Symbol.dispose]();
  using list = await younger;
  assertEquals(list.entries, [second, first, third]);
});

Deno.test("a list of free buffers is not reserved if the signal is aborted already", async () => {
  const { buffers } = buffersOf(2);
  const enough = new TtmError("EIO", "enough");
  await refused(() => reserveList(entriesOf(buffers), { signal: AbortSignal.abort(enough) }), "EIO", "enough");
  assertEquals(buffers.map((buffer) => buffer.reserved), [false, false]);
});

Deno.test("an aborted or failed list leaves no buffer reserved, and the order of eviction unchanged", async () => {
  const { buffers, lru } = buffersOf(3);
  const [a, b, c] = buffers;
  c.tryReserve();
  const abort = new AbortController();
  const list = reserveList(entriesOf([b, a, c]), { signal: abort.signal });
  await allBlocked();
  assertEquals([a.reserved, b.reserved], [true, true]);
  abort.abort("enough");
  assertEquals(await list.catch((reason) => reason), "enough");
  c.unlock();
  assertEquals([buffers.some((buffer) => buffer.reserved), lru()], [false, buffers]);
  c.unref();
  await refused(() => reserveList(entriesOf([a, b, c])), "EINVAL", "its last reference is gone");
  assertEquals([a.reserved, b.reserved, lru()], [false, false, [a, b]]);
});

Deno.test("the younger of two lists unreserves its buffers and waits for the contended one first", async () => {
  const { buffers: [a, b, c] } = buffersOf(3);
  const older = await reserveList(entriesOf([b]));
  c.tryReserve();
  const younger = reserveList(entriesOf([a, b, c]));
  await allBlocked();
  assertEquals([a.reserved, b.reservation.waiting], [false, 1]);
  older[Symbol.dispose]();
  await allBlocked();
  assertEquals([b.reserved, a.reserved, c.reservation.waiting], [true, true, 1]);
  c.unlock();
  using list = await younger;
  assertEquals(list.entries.map(({ buffer }) => buffer), [a, b, c]);
});

Deno.test("two lists of ten buffers in opposite order are both reserved, 1000 times", async () => {
  const { device, buffers } = buffersOf(10);
  const reversed = buffers.toReversed();
  const turns: string[] = [];
  const party = async (name: string, order: readonly BufferObject[]) => {
    for (let round = 0; round < 1000; round++) {
      using _list = await reserveList(entriesOf(order));
      turns.push(name);
      await Promise.resolve();
    }
  };
  await Promise.all([party("up", buffers), party("down", reversed)]);
  assertEquals([turns.length, turns.filter((name) => name === "up").length], [2000, 1000]);
  assertEquals(buffers.some((buffer) => buffer.reserved || buffer.reservation.waiting > 0), false);
  checkInvariants(device);
});

for (
  const [name, entries] of [
    ["no array", {}],
    ["an entry of null", [null]],
    ["an entry without a buffer", [{ usage: "read" }]],
    ["an unknown usage", [{ buffer: buffersOf(1).buffers[0], usage: "kernel" }]],
  ] as const
) {
  Deno.test(`reserveList() refuses ${name}`, async () => {
    await refused(() => reserveList(entries as never), "EINVAL", "Cannot reserve list");
  });
}
