import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BufferObject } from "./buffer_object.ts";
import { DeviceState } from "../state/device_state.ts";
import { checkState } from "../inspect/invariants.ts";
import { mappingsOf, reserveIo } from "../memory/io_memory.ts";
import { mapPages } from "../memory/kernel_map.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import { Operation } from "../state/operation.ts";
import { AcquireTicket, BulkMove, byteTable, checkInvariants, memoryStore } from "../mod.ts";
import { addWork, fence, only, pin, place, put, StoppedClock, testDevice, TestDriver } from "../testing_devices.ts";

/** The state of a valid device: one buffer in each memory type, and in VRAM also a second and a pinned one. */
function healthy() {
  const managers = { gtt: firstFit(), vram: firstFit() };
  const state = new DeviceState(new TestDriver(), managers, new StoppedClock(), {});
  state.takeParts();
  const make = (memoryType: string, pages: number) => {
    const buffer = new BufferObject(state, { id: state.liveBuffers, bytes: pages * 4096, alignment: 2, priority: 1 });
    state.liveBuffers++;
    place(buffer, memoryType);
    return { buffer, row: buffer.resource };
  };
  const [system, gtt, vram, second, pinned] = [
    make("system", 1),
    make("gtt", 2),
    make("vram", 2),
    make("vram", 2),
    make("vram", 1),
  ];
  pin(pinned.buffer);
  const type = (index: number) => state.types[index] ?? assertNever();
  return { state, system, gtt, vram, second, pinned, type };
}

function assertNever(): never {
  throw new Error("there is no such memory type");
}

type Inside = ReturnType<typeof healthy>;

const rules: readonly (readonly [RegExp, (inside: Inside) => unknown])[] = [
  [/5 buffers are alive, 4 are counted/, ({ state }) => state.liveBuffers--],
  [/0 buffers are dying, 1 are counted/, ({ state }) => state.dyingBuffers++],
  [/buffer 1 is a live ghost/, ({ gtt }) => {
    gtt.buffer.becomeGhostOf(gtt.buffer, 1, "moved");
    gtt.buffer.isDying = false;
  }],
  [/buffer 0 is swapped out and has pages/, ({ system }) => {
    system.buffer.tt?.populate();
    Object.assign(system.buffer.tt ?? {}, {
      swap: { store: memoryStore(), key: "a", length: 0, checksum: 0, persistent: false },
    });
  }],
  [/buffer 0 is swapped out, though its pages are not ours/, ({ system }) => {
    Object.defineProperty(system.buffer.tt ?? {}, "external", { value: true });
    Object.assign(system.buffer.tt ?? {}, {
      swap: { store: memoryStore(), key: "a", length: 0, checksum: 0, persistent: false },
    });
  }],
  [/the account of buffer 1 is missing/, ({ gtt }) => Object.assign(gtt.buffer.tt ?? {}, { accounted: false })],
  [/the account of buffer 0 is too much/, ({ system }) => {
    Object.assign(system.buffer.tt ?? {}, { accounted: true });
  }],
  [/buffers hold 2 host pages, 3 are counted/, ({ state }) => {
    state.accountant.count({ bytes: 4096, pages: 1, dma32: false, privileged: false });
  }],
  [/buffer 1 has 0 ghosts, 1 are counted/, ({ gtt }) => gtt.buffer.ghosts++],
  [/a ticket holds 2 locks, 1 are counted/, ({ gtt, vram }) => {
    const ticket = new AcquireTicket();
    for (const { buffer } of [gtt, vram]) buffer.reservation.tryLock(ticket);
    ticket.locks = 1;
  }],
  [/a reservation has a holder that does not hold it/, ({ gtt }) => {
    const ticket = new AcquireTicket();
    gtt.buffer.reservation.tryLock(ticket);
    ticket.locks = 0;
  }],
  [/1 wait for a reservation that is free/, ({ gtt }) => gtt.buffer.reservation.enqueue(null, () => {})],
  [/buffer 1 is in gtt, its handle is not/, ({ state }) => {
    state.resources.handle = () => 0;
  }],
  [/buffer 0 starts at 3 of system/, (inside) => restart(inside, inside.system.row, 3)],
  [/the resource of buffer 0 has 3 pages/, ({ state }) => state.resources.pages = () => 3],
  [/dying buffer 4 is idle and has not been freed/, ({ pinned }) => dying(pinned.buffer)],
  [/dying buffer 4 is in a bulk move/, ({ pinned }) => {
    dying(pinned.buffer);
    pinned.buffer.bulkMove = new BulkMove();
  }],
  [/buffer 4 has neither users nor ghosts, and is not dying/, ({ pinned }) => {
    Object.assign(pinned.buffer, { users: 0 });
  }],
  [/buffer 1 has -1 CPU writers/, ({ gtt }) => mappingsOf(gtt.buffer).writers = -1],
  [/buffer 1 has 0 maps and 1 grabs, not 0/, ({ gtt }) => mappingsOf(gtt.buffer).writers++],
  [/dying buffer 2 has no users, and 1 maps and grabs keep it/, ({ vram }) => {
    vram.buffer.reservation.fences.add(fence(), "write");
    dying(vram.buffer);
    mappingsOf(vram.buffer).keepers++;
  }],
  [/dying buffer 4 is pinned/, ({ pinned }) => {
    dying(pinned.buffer);
    pinned.buffer.pins = 1;
  }],
  [/buffer 4 is dying and has users/, ({ pinned }) => pinned.buffer.isDying = true],
  [/buffer 1 has bound pages but no place/, ({ gtt }) => gtt.buffer.occupy(-1)],
  [/the resource of buffer 3 belongs to another buffer/, ({ vram, second }) => {
    second.buffer.occupy(vram.row);
  }],
  [/buffer 2 is in fixed memory and its pages are bound/, ({ vram }) => {
    vram.buffer.tt = byteTable(2);
    vram.buffer.tt.noteBound("gtt", 0);
  }],
  [/buffer 2 is swapped out, and in vram/, ({ vram }) => {
    vram.buffer.tt = byteTable(2);
    vram.buffer.tt.swap = { store: memoryStore(), key: "a", length: 0, checksum: 0, persistent: false };
  }],
  [/buffer 1 is in gtt without a translation table/, ({ gtt }) => gtt.buffer.tt = null],
  [/the pages of buffer 1 are wc, its place is not/, ({ gtt }) => gtt.buffer.tt?.setCaching(4)],
  [/buffer 1 is in gtt, its pages are bound to null/, ({ gtt }) => gtt.buffer.tt?.noteUnbound()],
  [/buffer 0 is in system, its pages are bound to gtt/, ({ system }) => system.buffer.tt?.noteBound("gtt", 4)],
  [/buffer 1 starts at 0, its pages are at 4/, ({ gtt }) => gtt.buffer.tt?.noteBound("gtt", 4)],
  [/buffer 1 is bound to gtt without pages/, ({ gtt }) => gtt.buffer.tt?.unpopulate()],
  [/buffer 2 stands in the wrong list/, ({ state, vram }) => {
    state.order.remove(vram.row, vram.buffer, "freed");
    state.order.policy.insert(vram.row, vram.buffer, "system");
  }],
  [/buffer 2 is in vram but on no list/, ({ state, vram }) => state.order.remove(vram.row, vram.buffer, "freed")],
  [/vram holds 5 pages, 6 are counted/, ({ type }) => type(2).usedPages++],
  [/vram holds 3 resources, 2 are counted/, ({ type }) => type(2).residents--],
  [/vram holds 5 pages, its manager handed out 6/, ({ type }) => {
    type(2).manager?.allocate({ pages: 1, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false });
  }],
  [/buffer 3 overlaps its neighbour at page 0 of vram/, (inside) => restart(inside, inside.second.row, 0)],
  [/buffer 3 is misaligned at page 7 of vram/, (inside) => restart(inside, inside.second.row, 7)],
  [/vram has 8 pages, a buffer ends at 10/, (inside) => restart(inside, inside.second.row, 8)],
  [/buffer 2 has no users and is mapped/, ({ vram }) => {
    vram.buffer.mmap();
    Object.assign(vram.buffer, { users: 0, isDying: true });
    vram.buffer.reservation.fences.add(fence(), "write");
  }],
  [/buffer 2 has 1 maps by a window, 2 are counted/, ({ state, vram }) => {
    mapped(state, vram.buffer);
    reserveIo(state, vram.buffer, vram.buffer.type as MemoryType);
  }],
  [/buffer 2 has a window on vram@0, and is at vram@2/, (inside) => {
    mapped(inside.state, inside.vram.buffer);
    restart(inside, inside.vram.row, 2);
  }],
  [/page 1 of buffer 1 is mapped from elsewhere/, ({ gtt }) => {
    const present = gtt.buffer.mmap().present as Map<number, Uint8Array>;
    present.set(1, gtt.buffer.tt?.contents as Uint8Array);
  }],
  [/the kernel maps what is not of buffer 1/, ({ state, gtt }) => {
    mapped(state, gtt.buffer);
    gtt.buffer.tt?.restore(new Uint8Array(8192));
  }],
  [/buffer 1 has a wrong offset/, ({ state, gtt }) => {
    gtt.buffer.mmapOffset();
    state.mmapOffsets.free(gtt.buffer.mappings?.firstOffset ?? 0);
  }],
  [/buffer 2 has caching 4/, ({ type }) => Object.assign(type(2), { availableCaching: 1 })],
];

/** Maps the first page of a buffer for the kernel. */
function mapped(state: DeviceState, buffer: BufferObject): void {
  assertEquals(typeof mapPages(state, buffer, { firstPage: 0, pages: 1 }, new Operation({}, true)), "object");
}

/** Makes a buffer look as if it had no references. */
function dying(buffer: BufferObject): void {
  buffer.tryReserve();
  while (buffer.pins > 0) buffer.unpin();
  buffer.unreserve();
  Object.assign(buffer, { users: 0, isDying: true });
}

/** Makes the start of a resource differ from that of its node. */
function restart({ state }: Inside, row: number, start: number): void {
  const { resources } = state;
  const startOf = resources.start.bind(resources);
  resources.start = (asked) => asked === row ? start : startOf(asked);
}

Deno.test("checkInvariants() passes on a consistent device", () => checkState(healthy().state));

for (const [rule, corrupt] of rules) {
  Deno.test(`checkInvariants() detects: ${rule.source}`, () => {
    const inside = healthy();
    corrupt(inside);
    const { message } = assertThrows(() => checkState(inside.state), Error, "Broken invariant: ");
    assertMatch(message, rule);
  });
}

Deno.test("checkInvariants() detects a resource that is listed twice, and one of a freed buffer", () => {
  const twice = healthy();
  const { order } = twice.state;
  const candidates = order.candidates.bind(order);
  order.candidates = function* (type) {
    yield* candidates(type);
    if (type.name === "vram") yield* candidates(type);
  };
  assertThrows(() => checkState(twice.state), Error, "buffer 2 is listed twice");
  const freed = healthy();
  freed.vram.buffer.row = -1;
  freed.state.buffers.all = function* () {
    for (const { buffer } of [freed.system, freed.gtt, freed.second, freed.pinned]) yield buffer;
  };
  freed.state.liveBuffers = 4;
  assertThrows(() => checkState(freed.state), Error, "Broken invariant: buffer 2");
});

Deno.test("checkInvariants() does not compare ranges where the manager has its own intersects()", () => {
  const inside = healthy();
  Object.assign(inside.type(2).manager ?? {}, { intersects: () => true });
  restart(inside, inside.second.row, 7);
  checkState(inside.state);
});

Deno.test("checkInvariants() of some buffers checks only those, and skips freed ones", () => {
  const { device } = testDevice();
  const [bad, good, freed, dying] = ["gtt", "gtt", "vram", "vram"].map((type) => put(device, type));
  if (bad === undefined || good === undefined || freed === undefined || dying === undefined) return assertNever();
  freed.unref();
  addWork(dying);
  dying.unref();
  bad.tt?.unpopulate();
  checkInvariants(device, [good, freed, dying]);
  assertThrows(() => checkInvariants(device, [good, bad]), Error, "buffer 0 is bound to gtt without pages");
  assertThrows(() => checkInvariants(device), Error, "buffer 0 is bound to gtt without pages");
  assertEquals(bad.tryReserve(), true);
  bad.tt?.populate();
  bad.tryValidate(only("vram"));
  bad.unreserve();
  checkInvariants(device);
});
