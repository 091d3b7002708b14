import { assertEquals } from "@std/assert";
import {
  AcquireTicket,
  type BufferObject,
  checkInvariants,
  type MemoryGroup,
  PAGE_SIZE,
  type Placement,
} from "../mod.ts";
import { fence, only, pin, put, refused, testDevice, touch, whileReserved } from "../testing_devices.ts";
import { fill, inVram, vram, want } from "./testing_groups.ts";

const VRAM = 8;
const FALLBACK: Placement = { placement: [{ memoryType: "vram" }, { memoryType: "gtt" }] };

Deno.test("below min nothing is evicted for others, though they get ENOMEM with a report that counts the protected", async () => {
  const { device } = testDevice();
  const game = device.createGroup("game", vram({ min: 5 }));
  const own = fill(device, game, 5);
  const others = fill(device, null, 3);
  assertEquals(await want(device, null, 3), "placed");
  assertEquals([inVram(own), inVram(others)], [5, 0]);
  const buffer = device.createBuffer({ bytes: 4 * PAGE_SIZE });
  buffer.tryReserve();
  const error = await refused(() => buffer.validate(only("vram")), "ENOMEM", "vram: no room (5 protected)");
  assertEquals(error.report?.kept.map(({ reason }) => reason), Array(5).fill("protected"));
});

Deno.test("what a group uses beyond its min can be evicted, but no buffer that would take protected bytes with it", async () => {
  const { device } = testDevice();
  const game = device.createGroup("game", vram({ min: 5 }));
  fill(device, null, 1);
  const own = [...fill(device, game, 3, { pages: 2 }), ...fill(device, game, 1)];
  assertEquals(game.usage("vram").usedBytes, 7 * PAGE_SIZE);
  assertEquals(await want(device, null, 3), "placed");
  assertEquals(game.usage("vram").usedBytes, 5 * PAGE_SIZE);
  // The oldest of two pages left; another one would leave 3 pages.
  assertEquals(own.map(({ memoryType }) => memoryType), ["gtt", "vram", "vram", "vram"]);
  assertEquals(await want(device, null, 4), "ENOMEM");
});

Deno.test("below low a group gives only when nobody else can", async () => {
  const { device } = testDevice();
  const game = device.createGroup("game", vram({ low: 5 }));
  const others = fill(device, null, 3);
  const own = fill(device, game, 5);
  assertEquals(await want(device, null, 2), "placed");
  assertEquals([inVram(own), inVram(others)], [5, 1]);
  assertEquals(await want(device, null, 4), "placed");
  assertEquals(inVram(others), 0);
  assertEquals(inVram(own), 4);
});

Deno.test("a buffer that somebody has reserved is waited for only if its group does not keep it", async () => {
  const { device } = testDevice();
  const game = device.createGroup("game", vram({ min: VRAM }));
  const [held] = fill(device, game, 1, { pages: VRAM }) as [BufferObject];
  held.tryReserve();
  const buffer = device.createBuffer({ bytes: PAGE_SIZE });
  const placement = only("vram");
  await refused(() => device.submit([{ buffer, placement }], () => {}), "ENOMEM", "1 protected");
  held.unlock();
});

Deno.test("a group at its max evicts its own buffers, and nobody else's", async () => {
  const { device } = testDevice();
  const tab = device.createGroup("tab", vram({ max: 3 }));
  const others = fill(device, null, 2);
  const own = fill(device, tab, 3);
  assertEquals(await want(device, tab), "placed");
  assertEquals([inVram(others), inVram(own), device.usage("vram").usedPages], [2, 2, 5]);
  assertEquals(own[0]?.memoryType, "gtt");
});

Deno.test("a submission that cannot fit below the max of a group fails at once, and evicts nobody", async () => {
  const { device } = testDevice({ vram: VRAM });
  const parent = device.createGroup("browser", vram({ max: 4 }));
  const tab = device.createGroup("tab", { parent, ...vram({ max: 6 }) });
  const others = fill(device, null, 4);
  const pinned = fill(device, parent, 1)[0] as BufferObject;
  const placement = only("vram");
  const job = Array.from(
    { length: 4 },
    () => ({ buffer: device.createBuffer({ bytes: 4096, group: tab }), placement }),
  );
  pin(pinned);
  const [first, ...rest] = job as [typeof job[0], ...typeof job];
  await device.submit(rest, () => {});
  const error = await refused(() => device.submit([first, ...rest], () => {}), "ENOMEM", "browser");
  const limit = { group: "browser", max: 4 * PAGE_SIZE, usedBytes: 4 * PAGE_SIZE };
  assertEquals(error.report?.tried.map((tried) => [tried.problem, tried.limit]), [["limit", limit]]);
  assertEquals([error.report?.pages, error.report?.kept.map(({ reason }) => reason)], [4, ["pinned"]]);
  assertEquals([inVram(rest.map(({ buffer }) => buffer)), inVram(others)], [3, 4]);
});

Deno.test("a group at its max with nothing to give gets ENOMEM with a report that names the limit", async () => {
  const { device } = testDevice();
  const tab = device.createGroup("tab", vram({ max: 3 }));
  fill(device, null, 2);
  for (const buffer of fill(device, tab, 3)) pin(buffer);
  const buffer = device.createBuffer({ bytes: PAGE_SIZE, group: tab });
  buffer.tryReserve();
  const error = await refused(() => buffer.validate(only("vram")), "ENOMEM");
  assertEquals(
    error.message,
    'Cannot validate buffer 5: no room for 1 page; vram: group "tab" uses 12288 of the 12288 bytes that it may use ' +
      "(3 pinned, 2 outside the group)",
  );
  const limit = { group: "tab", max: 3 * PAGE_SIZE, usedBytes: 3 * PAGE_SIZE };
  assertEquals(error.report?.tried.map((tried) => [tried.problem, tried.limit]), [["limit", limit], ["limit", limit]]);
});

Deno.test("what is larger than a max evicts nothing", async () => {
  const { device, moves } = testDevice();
  const tab = device.createGroup("tab", vram({ max: 3 }));
  fill(device, tab, 3);
  const before = moves.length;
  assertEquals(await want(device, tab, 4), "ENOMEM");
  assertEquals(moves.length, before);
});

Deno.test("at its max a group takes the next place of a placement without evicting", () => {
  const { device } = testDevice();
  const tab = device.createGroup("tab", vram({ max: 2 }));
  const own = fill(device, tab, 2);
  assertEquals(put(device, FALLBACK, { group: tab }).memoryType, "gtt");
  assertEquals(inVram(own), 2);
});

Deno.test("all groups above are charged, and the one at its max names whose buffers can make room", async () => {
  const { device } = testDevice();
  const browser = device.createGroup("browser", vram({ max: 4 }));
  const [one, two] = ["one", "two"].map((name) => device.createGroup(name, { parent: browser })) as [
    MemoryGroup,
    MemoryGroup,
  ];
  const others = fill(device, null, 2);
  const [ofOne, ofTwo] = [fill(device, one, 2), fill(device, two, 2)];
  assertEquals(browser.usage("vram").usedBytes, 4 * PAGE_SIZE);
  assertEquals(await want(device, two), "placed");
  assertEquals([inVram(others), inVram(ofOne), inVram(ofTwo)], [2, 1, 2]);
  assertEquals([one, two, browser].map((group) => group.usage("vram").usedBytes / PAGE_SIZE), [1, 3, 4]);
});

Deno.test("below the max of a parent, siblings keep what their own min protects", async () => {
  const { device } = testDevice();
  const browser = device.createGroup("browser", vram({ min: 4, max: 4 }));
  const one = device.createGroup("one", { parent: browser, ...vram({ min: 4 }) });
  const two = device.createGroup("two", { parent: browser });
  fill(device, one, 4);
  assertEquals(await want(device, two), "ENOMEM");
  assertEquals(one.usage("vram").usedBytes, 4 * PAGE_SIZE);
});

Deno.test("a group is not protected from itself, from its parent or from groups below it", async () => {
  const { device } = testDevice();
  const parent = device.createGroup("parent", vram({ min: VRAM }));
  const child = device.createGroup("child", { parent });
  fill(device, parent, VRAM);
  assertEquals(await want(device, parent), "placed");
  assertEquals(await want(device, child), "placed");
  assertEquals(await want(device, null), "ENOMEM");
});

Deno.test("the min of a child holds against its siblings; against others only as far as its parent's does", async () => {
  const { device } = testDevice();
  const parent = device.createGroup("parent");
  const child = device.createGroup("child", { parent, ...vram({ min: 4 }) });
  const sibling = device.createGroup("sibling", { parent });
  fill(device, child, VRAM);
  assertEquals(await want(device, sibling, 5), "ENOMEM");
  assertEquals(child.usage("vram").usedBytes, 4 * PAGE_SIZE);
  assertEquals(child.usage("vram").protectedByMin, 0);
  assertEquals(await want(device, null, VRAM), "placed");
});

Deno.test("what a parent protects and its children do not claim is protected of all of them together", async () => {
  const { device } = testDevice();
  const parent = device.createGroup("parent", vram({ min: 4 }));
  const [one, two] = ["one", "two"].map((name) => device.createGroup(name, { parent })) as [MemoryGroup, MemoryGroup];
  fill(device, one, 4);
  fill(device, two, 4);
  assertEquals(await want(device, null, 4), "placed");
  assertEquals([one, two].map((group) => group.usage("vram").usedBytes / PAGE_SIZE), [0, 4]);
  assertEquals(await want(device, null, 5), "ENOMEM");
  assertEquals(await want(device, one, 2), "placed");
  assertEquals([one, two].map((group) => group.usage("vram").usedBytes / PAGE_SIZE), [2, 4]);
});

Deno.test("siblings that claim more than their parent protects get shares in proportion to what they use of their min", () => {
  const { device } = testDevice({ vram: 100 });
  const parent = device.createGroup("parent", vram({ min: 30 }));
  const limits = vram({ min: 40 });
  const [one, two] = ["one", "two"].map((name) => device.createGroup(name, { parent, ...limits })) as [
    MemoryGroup,
    MemoryGroup,
  ];
  fill(device, one, 60);
  fill(device, two, 20);
  assertEquals([one, two].map((group) => group.usage("vram").protectedByMin), [20 * PAGE_SIZE, 10 * PAGE_SIZE]);
});

Deno.test("protection counts what is used, not what is set", () => {
  const { device } = testDevice();
  const game = device.createGroup("game", vram({ min: 6, low: 3 }));
  fill(device, game, 4);
  const { protectedByMin, protectedByLow } = game.usage("vram");
  assertEquals([protectedByMin, protectedByLow], [4 * PAGE_SIZE, 3 * PAGE_SIZE]);
});

for (const limit of ["min", "low"] as const) {
  Deno.test(`below ${limit} a buffer evicts those that are not protected instead of taking the next place`, () => {
    const { device } = testDevice();
    const game = device.createGroup("game", vram({ [limit]: 2 }));
    const others = fill(device, null, VRAM);
    const own = [1, 2, 3].map(() => put(device, FALLBACK, { group: game }));
    assertEquals(own.map(({ memoryType }) => memoryType), ["vram", "vram", "gtt"]);
    assertEquals(inVram(others), VRAM - 2);
    assertEquals(put(device, FALLBACK).memoryType, "gtt");
  });
}

Deno.test("what is due to a group comes back from the next place as soon as it is validated", () => {
  const { device } = testDevice();
  const game = device.createGroup("game");
  const others = fill(device, null, VRAM);
  const placement = { placement: [{ memoryType: "vram" }], busyPlacement: [{ memoryType: "gtt" }] };
  const buffer = put(device, placement, { group: game });
  assertEquals(buffer.memoryType, "gtt");
  game.setLimits("vram", { min: PAGE_SIZE });
  touch(buffer, () => buffer.tryValidate(placement));
  assertEquals([buffer.memoryType, inVram(others)], ["vram", VRAM - 1]);
});

Deno.test("below low a buffer takes the next place rather than what the low of others protects; below min it takes that", () => {
  const { device } = testDevice();
  const kept = device.createGroup("kept", vram({ low: VRAM }));
  const asks = device.createGroup("asks", vram({ low: 4 }));
  fill(device, kept, VRAM);
  assertEquals(put(device, FALLBACK, { group: asks }).memoryType, "gtt");
  asks.setLimits("vram", { min: PAGE_SIZE });
  assertEquals(put(device, FALLBACK, { group: asks }).memoryType, "vram");
  assertEquals(kept.usage("vram").usedBytes, (VRAM - 1) * PAGE_SIZE);
});

Deno.test("what is due is not taken from the own group", () => {
  const { device } = testDevice();
  const game = device.createGroup("game", vram({ min: 2 * VRAM }));
  const own = fill(device, game, VRAM);
  assertEquals(put(device, FALLBACK, { group: game }).memoryType, "gtt");
  assertEquals(inVram(own), VRAM);
});

Deno.test("a client's buffers are charged to its group, unless they name another", () => {
  const { device } = testDevice();
  const [game, other] = [device.createGroup("game"), device.createGroup("other")];
  using client = device.openClient("game", { group: game });
  const own = client.buffer(client.createBuffer({ bytes: PAGE_SIZE }));
  const elsewhere = client.buffer(client.createBuffer({ bytes: PAGE_SIZE, group: other }));
  assertEquals([client.group, own.group, elsewhere.group], [game, game, other]);
});

Deno.test("a memory type without limits is not protected, and each has its own", async () => {
  const { device } = testDevice();
  const group = device.createGroup("group", { limits: { gtt: { min: 4 * PAGE_SIZE, max: 4 * PAGE_SIZE } } });
  const own = fill(device, group, VRAM);
  // Only four may go to GTT; the others cannot leave VRAM, for a driver that evicts to GTT alone.
  assertEquals(await want(device, null, 4), "placed");
  assertEquals([inVram(own), group.usage("gtt").usedBytes], [4, 4 * PAGE_SIZE]);
  const others = [1, 2, 3, 4].map(() => put(device, "gtt"));
  put(device, "gtt");
  assertEquals(others.filter(({ memoryType }) => memoryType === "system").length, 1);
  assertEquals(group.usage("gtt").usedBytes, 4 * PAGE_SIZE);
});

Deno.test("pinned buffers are charged, and dying ones and ghosts until they are freed", async () => {
  const { device, driver } = testDevice({ ordered: true });
  const group = device.createGroup("group");
  const [pinned, moved, dying] = fill(device, group, 3) as [BufferObject, BufferObject, BufferObject];
  while (driver.copies.length > 0) driver.finishCopy();
  pin(pinned);
  const work = fence();
  whileReserved(dying, () => dying.addFence(work, "write"));
  dying.unref();
  moved.tryReserve();
  moved.tryValidate(only("gtt"));
  moved.unreserve();
  assertEquals(device.dying.map(String), ["dying buffer 2", "ghost of buffer 1"]);
  assertEquals(group.usage("vram").usedBytes, 3 * PAGE_SIZE);
  checkInvariants(device);
  work.signal();
  while (driver.copies.length > 0) driver.finishCopy();
  assertEquals([group.usage("vram").usedBytes, group.usage("gtt").usedBytes], [PAGE_SIZE, PAGE_SIZE]);
  await refused(() => group.remove(), "EBUSY", "2 users");
  pinned.unref();
  moved.unref();
  group.remove();
  checkInvariants(device);
});

Deno.test("emptying a memory type takes no heed of groups", async () => {
  const { device } = testDevice();
  const game = device.createGroup("game", vram({ min: VRAM }));
  const own = fill(device, game, 4);
  await device.evictFirst("vram");
  assertEquals(inVram(own), 3);
  await device.evictAll("vram");
  assertEquals(inVram(own), 0);
});

Deno.test("when host memory is short, min holds in memory types of host pages", async () => {
  const { device } = testDevice({ limits: { pages: 4 } });
  const game = device.createGroup("game", { limits: { gtt: { min: 2 * PAGE_SIZE } } });
  const own = [1, 2].map(() => put(device, "gtt", { group: game }));
  const others = [1, 2, 3].map(() => put(device, "gtt"));
  assertEquals([...own, ...others].map(({ swapped }) => swapped), [false, false, true, false, false]);
  assertEquals(await device.swapOut({ memoryType: "gtt" }), 1);
  assertEquals(own[0]?.swapped, true);
});

Deno.test("when a max has been met, and that of a parent is next, the parent's other buffers can give", async () => {
  const { device } = testDevice();
  const parent = device.createGroup("parent", vram({ max: 2 }));
  const child = device.createGroup("child", { parent, ...vram({ max: 2 }) });
  const [sibling, own, others] = [fill(device, parent, 1), fill(device, child, 1), fill(device, null, 1)];
  assertEquals(await want(device, child, 2), "placed");
  assertEquals([sibling, own, others].map(inVram), [0, 0, 1]);
});

Deno.test("under a ticket, those that are not protected are waited for before those below low", () => {
  const { device } = testDevice();
  const kept = device.createGroup("kept", vram({ low: 4 }));
  const [low] = fill(device, kept, 1, { pages: 4 }) as [BufferObject];
  const [other] = fill(device, null, 1, { pages: 4 }) as [BufferObject];
  const buffer = device.createBuffer({ bytes: PAGE_SIZE });
  const ticket = new AcquireTicket();
  buffer.tryReserve(ticket);
  low.tryReserve();
  other.tryReserve();
  assertEquals(buffer.tryValidate(only("vram")), other.reservation);
});

Deno.test("an early upload evicts nobody in vain if groups keep the rest of the room", async () => {
  const { device } = testDevice();
  const placement = only("vram");
  const wanted = device.createBuffer({ bytes: 2 * PAGE_SIZE });
  await device.submit([{ buffer: wanted, placement }], () => {});
  fill(device, device.createGroup("kept", vram({ low: 7 })), 7);
  const [other] = fill(device, null, 1) as [BufferObject];
  assertEquals([wanted.memoryType, other.memoryType], ["gtt", "vram"]);
  device.hint([wanted]);
  await device.submit([{ buffer: device.createBuffer({ bytes: PAGE_SIZE }), placement: only("gtt") }], () => {});
  assertEquals([wanted.memoryType, other.memoryType], ["gtt", "vram"]);
});
