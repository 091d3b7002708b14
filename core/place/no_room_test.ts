import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BufferTable } from "../state/buffer_table.ts";
import {
  AcquireTicket,
  type AllocationRequest,
  type KeptReason,
  type MemTypeManager,
  NO_ROOM,
  type NoRoomReport,
  PAGE_SIZE,
  type Place,
  type TtmError,
} from "../mod.ts";
import {
  addWork,
  fence,
  only,
  pin,
  place,
  put,
  refused,
  refusedUnchanged,
  testDevice,
  touch,
  whileReserved,
} from "../testing_devices.ts";

const nobody: Record<KeptReason, number> = {
  "pinned": 0,
  "reserved": 0,
  "protected": 0,
  "outside the group": 0,
  "outside the range": 0,
  "busy": 0,
  "cannot leave": 0,
};

Deno.test("an ENOMEM reports the places tried, the buffers kept with the reasons, and the bytes by owner", async () => {
  const { device, driver } = testDevice();
  const at = (fpfn: number, label: string) => put(device, only("vram", { fpfn }), { label });
  const [pinned, reserved] = [at(0, "pinned"), at(1, "reserved")];
  at(7, "outside");
  const [busy, stuck] = [at(3, "busy"), at(4, "stuck")];
  pin(pinned);
  reserved.tryReserve();
  whileReserved(busy, () => busy.addFence(fence(), "read"));
  driver.evict = (buffer) => buffer === stuck ? only("vram", { caching: ["cached"] }) : only("gtt");
  const buffer = put(device, "system", { pages: 6, label: "wanting" });
  buffer.tryReserve();
  const asked = {
    placement: [{ memoryType: "vram", caching: ["cached" as const] }, { memoryType: "gtt", fpfn: 4 }, {
      memoryType: "vram",
    }],
    busyPlacement: [{ memoryType: "vram", lpfn: 6 }],
  };
  const error = await refused(() => buffer.validate(asked, { noWait: true }), "ENOMEM");
  const kept = { ...nobody, "pinned": 1, "reserved": 1, "outside the range": 1, "busy": 1, "cannot leave": 1 };
  const expected: NoRoomReport = {
    pages: 6,
    alignment: 1,
    tried: [
      {
        memoryType: "vram",
        fpfn: 0,
        lpfn: null,
        evicting: false,
        problem: "caching not available",
        limit: null,
        freePages: 3,
        largestHole: null,
        kept: nobody,
      },
      {
        memoryType: "gtt",
        fpfn: 4,
        lpfn: null,
        evicting: false,
        problem: "never fits",
        limit: null,
        freePages: 8,
        largestHole: null,
        kept: nobody,
      },
      {
        memoryType: "vram",
        fpfn: 0,
        lpfn: null,
        evicting: false,
        problem: "no room",
        limit: null,
        freePages: 3,
        largestHole: 2,
        kept: nobody,
      },
      {
        memoryType: "vram",
        fpfn: 0,
        lpfn: 6,
        evicting: true,
        problem: "no room",
        limit: null,
        freePages: 3,
        largestHole: 2,
        kept,
      },
    ],
    usage: [
      { memoryType: "system", pages: 0, usedPages: 6, residents: 1 },
      { memoryType: "gtt", pages: 8, usedPages: 0, residents: 0 },
      { memoryType: "vram", pages: 8, usedPages: 5, residents: 5 },
    ],
    kept: [
      { buffer: 'buffer 0 "pinned"', pages: 1, reason: "pinned" },
      { buffer: 'buffer 1 "reserved"', pages: 1, reason: "reserved" },
      { buffer: 'buffer 2 "outside"', pages: 1, reason: "outside the range" },
      { buffer: 'buffer 3 "busy"', pages: 1, reason: "busy" },
      { buffer: 'buffer 4 "stuck"', pages: 1, reason: "cannot leave" },
    ],
  };
  assertEquals(error.report, expected);
  assertEquals(
    error.message,
    'Cannot validate buffer 5 "wanting": no room for 6 pages; vram: caching not available; ' +
      "gtt: they can never fit into [4, 8) of 8; " +
      "vram: no room (1 pinned, 1 reserved, 1 outside the range, 1 busy, 1 cannot leave)",
  );
});

Deno.test("an ENOMEM counts all kept buffers and names the first 32", async () => {
  const { device } = testDevice({ vram: 40 });
  for (let page = 0; page < 40; page++) pin(put(device, "vram"));
  const buffer = put(device, "system");
  buffer.tryReserve();
  const { report } = await refused(() => buffer.validate(only("vram")), "ENOMEM");
  assertEquals([report?.tried.at(-1)?.kept.pinned, report?.kept.length], [40, 32]);
  assertEquals(report?.kept[31]?.buffer, "buffer 31");
});

Deno.test("an ENOMEM marks dying buffers and ghost objects", async () => {
  const { device } = testDevice();
  const [dying, purged] = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })];
  addWork(dying);
  addWork(purged);
  dying.unref();
  purged.tryReserve();
  await purged.validate({ placement: [] });
  const buffer = put(device, "system");
  buffer.tryReserve();
  const { report } = await refused(() => buffer.validate(only("vram"), { noWait: true }), "ENOMEM");
  assertEquals(report?.kept.map((kept) => [kept.buffer, kept.reason]), [
    ["dying buffer 0", "busy"],
    ["ghost of buffer 1", "busy"],
  ]);
});

Deno.test("only an ENOMEM for want of room has a report", async () => {
  const { device, driver } = testDevice();
  const buffer = put(device, "system");
  buffer.tryReserve();
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  const error = await refused(() => buffer.validate(only("vram")), "EIO");
  assertEquals([error.report, "report" in error], [undefined, true]);
});

Deno.test("a buffer that can never fit into its place evicts nothing, and report and message say so with the sizes", async () => {
  const { device, moves } = testDevice();
  const resident = put(device, "vram", { pages: 8 });
  const wants = async (pages: number, alignment: number, place: Omit<Place, "memoryType">, message: string) => {
    const buffer = device.createBuffer({ bytes: pages * 4096, alignment });
    buffer.tryReserve();
    const error = await refusedUnchanged(
      device,
      [resident, buffer],
      () => buffer.validate(only("vram", place)),
      "ENOMEM",
    );
    assertEquals(error.message, `Cannot validate ${buffer}: no room for ${message}`);
    assertEquals(error.report?.tried.map(({ problem, kept }) => [problem, kept]), [
      ["never fits", nobody],
      ["never fits", nobody],
    ]);
    assertEquals([error.report?.pages, error.report?.alignment, error.report?.kept], [pages, alignment, []]);
  };
  moves.length = 0;
  await wants(9, 1, {}, "9 pages; vram: they can never fit into its 8");
  await wants(5, 1, { fpfn: 2, lpfn: 6 }, "5 pages; vram: they can never fit into [2, 6) of 8");
  await wants(5, 1, { fpfn: 4 }, "5 pages; vram: they can never fit into [4, 8) of 8");
  await wants(1, 1, { fpfn: 8 }, "1 page; vram: they can never fit into [8, 8) of 8");
  await wants(4, 4, { fpfn: 1, lpfn: 7 }, "4 pages aligned to 4; vram: they can never fit into [1, 7) of 8");
  assertEquals(moves, []);
});

Deno.test("a buffer of the size of its place evicts the buffers there", () => {
  const { device } = testDevice();
  const resident = put(device, "vram", { pages: 8 });
  const at = put(device, only("vram", { fpfn: 1, lpfn: 8 }), { pages: 4, alignment: 4 });
  assertEquals([resident.memoryType, at.start], ["gtt", 4]);
  assertEquals(put(device, "vram", { pages: 8 }).start, 0);
});

Deno.test("a victim that can never fit into its eviction placement stays, and evicts nothing there", async () => {
  const { device } = testDevice({ gtt: 4 });
  const [victim, other] = [put(device, "vram", { pages: 8 }), put(device, "gtt", { pages: 4 })];
  const buffer = put(device, "system");
  buffer.tryReserve();
  const act = () => buffer.validate(only("vram"));
  const { report } = await refusedUnchanged(
    device,
    [victim, other, buffer],
    act,
    "ENOMEM",
    "vram: no room (1 cannot leave)",
  );
  assertEquals(report?.kept, [{ buffer: "buffer 0", pages: 8, reason: "cannot leave" }]);
});

for (const addresses of [true, false]) {
  Deno.test(`a manager's canFit() decides what can never fit (addresses: ${addresses})`, async () => {
    const asked: number[] = [];
    const canFit = ({ pages }: AllocationRequest) => {
      asked.push(pages);
      return pages !== 3;
    };
    const manager = Object.assign(firstFit(), addresses ? { canFit } : { canFit, startOf: undefined });
    const { device } = testDevice({ managers: { vram: manager } });
    const resident = put(device, "vram", { pages: 8 });
    const buffer = put(device, "system", { pages: 3 });
    buffer.tryReserve();
    await refusedUnchanged(
      device,
      [resident, buffer],
      () => buffer.validate(only("vram")),
      "ENOMEM",
      "they can never fit",
    );
    put(device, "vram", { pages: 2 });
    assertEquals([resident.memoryType, asked.includes(3), asked.includes(2)], ["gtt", true, true]);
  });
}

Deno.test("a limited range of a memory type without addresses can never fit, and evicts nothing", async () => {
  let usedPages = 0;
  const manager: MemTypeManager = {
    name: "counted",
    get usedPages() {
      return usedPages;
    },
    init: () => {},
    allocate({ pages, lpfn }) {
      if (lpfn < 8 || usedPages + pages > 8) return NO_ROOM;
      usedPages += pages;
      return 1;
    },
    free: (_handle, pages) => void (usedPages -= pages),
    takedown: () => usedPages === 0,
    debug: () => "",
  };
  const { device } = testDevice({ managers: { vram: manager } });
  const resident = put(device, "vram", { pages: 8 });
  const buffer = put(device, "system", { pages: 2 });
  buffer.tryReserve();
  const ranged = () => buffer.validate(only("vram", { lpfn: 7 }));
  await refusedUnchanged(device, [resident, buffer], ranged, "ENOMEM", "they can never fit into [0, 7) of 8");
  assertEquals([buffer.tryValidate(only("vram", { lpfn: 8 })), resident.memoryType], [null, "gtt"]);
});

/** How many buffers are looked at one by one while something is done. */
async function lookedAt(act: () => unknown): Promise<number> {
  const { all } = BufferTable.prototype;
  let looks = 0;
  BufferTable.prototype.all = function* () {
    for (const buffer of all.call(this)) {
      looks++;
      yield buffer;
    }
  };
  try {
    await act();
  } finally {
    BufferTable.prototype.all = all;
  }
  return looks;
}

Deno.test("an ENOMEM reads no buffer before its report is read, and then only those that it names", async () => {
  const { device } = testDevice({ vram: 1000 });
  for (let page = 0; page < 1000; page++) pin(put(device, "vram"));
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  let error: TtmError | undefined;
  assertEquals(await lookedAt(async () => error = await refused(() => buffer.validate(only("vram")), "ENOMEM")), 0);
  assertEquals(error?.message, "Cannot validate buffer 1000: no room for 1 page; vram: no room (1000 pinned)");
  assertEquals(await lookedAt(() => assertEquals(error?.report?.kept.length, 32)), 33);
  assertEquals(await lookedAt(() => assertEquals(error?.report?.kept.length, 32)), 0);
});

Deno.test("message and counts are of the time of the failure, and the list has the buffers that are still in the way", async () => {
  const { device } = testDevice();
  const [reserved, pinned] = [put(device, "vram"), put(device, "vram")];
  pin(pinned);
  reserved.tryReserve();
  const buffer = device.createBuffer({ bytes: 8 * 4096 });
  buffer.tryReserve();
  const error = await refused(() => buffer.validate(only("vram")), "ENOMEM", "vram: no room (1 pinned, 1 reserved)");
  reserved.unreserve();
  place(put(device, "vram"), "gtt");
  assertEquals(error.report?.tried.at(-1)?.kept, { ...nobody, pinned: 1, reserved: 1 });
  assertEquals(error.report?.usage.at(-1), { memoryType: "vram", pages: 8, usedPages: 2, residents: 2 });
  assertEquals(error.report?.kept, [{ buffer: "buffer 1", pages: 1, reason: "pinned" }]);
});

Deno.test("pinned buffers are counted in their memory type, through all moves", async () => {
  const { device } = testDevice();
  const buffer = device.createBuffer({ bytes: 8 * 4096 });
  buffer.tryReserve();
  const counts = async (memoryType: string) =>
    (await refused(() => buffer.validate(only(memoryType)), "ENOMEM")).report?.tried.at(-1)?.kept;
  const [a, b, inGtt] = [put(device, "vram"), put(device, "vram"), put(device, "gtt")];
  for (const each of [a, b, b, inGtt]) pin(each);
  assertEquals(await counts("vram"), { ...nobody, pinned: 2 });
  assertEquals(await counts("gtt"), { ...nobody, pinned: 1 });
  touch(b, () => b.unpin());
  assertEquals(await counts("vram"), { ...nobody, pinned: 2 });
  touch(b, () => b.unpin());
  touch(a, () => a.unpin());
  b.tryReserve();
  b.pin();
  assertEquals(await counts("vram"), { ...nobody, pinned: 1 });
  b.unreserve();
  b.unref();
  place(a, "vram");
  pin(a);
  assertEquals([await counts("vram"), await counts("gtt")], [{ ...nobody, pinned: 1 }, { ...nobody, pinned: 1 }]);
});

Deno.test("a ticket that must back off counts the reserved buffer in the report", async () => {
  const { device } = testDevice();
  const [older, younger] = [new AcquireTicket(), new AcquireTicket()];
  const theirs = put(device, "vram", { pages: 8 });
  theirs.tryReserve(older);
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve(younger);
  await refused(() => buffer.validate(only("vram")), "ENOMEM", "vram: no room (1 reserved)");
});

Deno.test("a memory type without a manager is reported with how to give it one, and once a place", async () => {
  const { device } = testDevice();
  await device.cleanManager("gtt");
  device.setUsed("vram", false);
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  const asked = { placement: [{ memoryType: "gtt" }, { memoryType: "vram" }] };
  const { message, report } = await refused(() => buffer.validate(asked), "ENOMEM");
  assertEquals(
    message,
    "Cannot validate buffer 0: no room for 1 page; gtt: no manager, give it one by managers: { gtt: … } or by " +
      "initManager(); vram: not in use until setUsed()",
  );
  assertEquals(report?.tried.map(({ problem }) => problem), ["no manager", "not in use", "no manager", "not in use"]);
});

Deno.test("for a fragmented memory type the message has the free pages and the largest hole", async () => {
  const { device } = testDevice({ vram: 20 });
  const buffers = Array.from({ length: 10 }, () => put(device, "vram", { pages: 2 }));
  for (const [at, buffer] of buffers.entries()) {
    if (at % 2 === 0) pin(buffer);
    else buffer.unref();
  }
  const buffer = device.createBuffer({ bytes: 4 * PAGE_SIZE });
  buffer.tryReserve();
  const error = await refused(() => buffer.validate(only("vram")), "ENOMEM");
  const free = "10 of 20 pages are free, the largest hole has 2";
  assertEquals(error.message, `Cannot validate ${buffer}: no room for 4 pages; vram: no room (5 pinned, ${free})`);
  const { freePages, largestHole } = error.report?.tried.at(-1) ?? {};
  assertEquals([freePages, largestHole], [10, 2]);
});

Deno.test("validate() is EIO with the cause, not ENOMEM, if the driver fails for every victim", async () => {
  const { device, driver } = testDevice();
  for (let made = 0; made < 4; made++) put(device, "vram", { pages: 2 });
  const lost = new Error("the device was lost");
  driver.beforeMove = () => {
    throw lost;
  };
  const buffer = device.createBuffer({ bytes: 2 * PAGE_SIZE });
  buffer.tryReserve();
  const error = await refused(() => buffer.validate(only("vram")), "EIO", "the device was lost");
  assertEquals([error.cause, error.report?.kept.length], [lost, 4]);
});

Deno.test("validate() is ENOMEM if victims fail for different reasons", async () => {
  const { device, driver } = testDevice();
  const [first] = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })];
  driver.evict = (buffer) => buffer === first ? only("vram") : only("gtt");
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  const buffer = device.createBuffer({ bytes: 2 * PAGE_SIZE });
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "ENOMEM");
});
