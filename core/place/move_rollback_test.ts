import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { checkInvariants, type Placement, TranslationTable, TtmError, type TtmErrorCode } from "../mod.ts";
import {
  addWork,
  bytesIn,
  fill,
  only,
  pin,
  place,
  put,
  refused,
  refusedUnchanged,
  type TestDevice,
  testDevice,
} from "../testing_devices.ts";

const broken = new Error("broken");
const fail = (): never => {
  throw broken;
};

interface Failure {
  readonly name: string;
  /** Null for a buffer without a place. */
  readonly from: string | null;
  readonly to: string;
  readonly breakIt: (made: TestDevice) => void;
  readonly code: TtmErrorCode;
  /** What the driver was asked for until it failed, and to undo it. */
  readonly calls: readonly string[];
}

const breakMove = ({ driver }: TestDevice) => driver.beforeMove = fail;
const breakBind = ({ driver }: TestDevice) => {
  // Only the next one: the old binding is put back by another.
  driver.beforeBind = () => {
    driver.beforeBind = () => {};
    fail();
  };
};
const breakTable = ({ driver }: TestDevice) => driver.table = fail;
const breakPages = ({ driver }: TestDevice) => driver.table = (buffer) => new TranslationTable(buffer.pages, fail);

const failures: readonly Failure[] = [
  {
    name: "move throws into VRAM",
    from: "system",
    to: "vram",
    breakIt: breakMove,
    code: "EIO",
    calls: ["notify 0 system>vram", "move 0 system>vram", "notify 0 vram>system"],
  },
  {
    name: "move throws from GTT into VRAM",
    from: "gtt",
    to: "vram",
    breakIt: breakMove,
    code: "EIO",
    calls: ["notify 0 gtt>vram", "move 0 gtt>vram", "notify 0 vram>gtt"],
  },
  {
    name: "move throws out of VRAM",
    from: "vram",
    to: "gtt",
    breakIt: breakMove,
    code: "EIO",
    calls: ["notify 0 vram>gtt", "bind 0 gtt@0", "move 0 vram>gtt", "unbind 0", "notify 0 gtt>vram"],
  },
  {
    name: "move throws within VRAM",
    from: "vram",
    to: "vram",
    breakIt: breakMove,
    code: "EIO",
    calls: ["notify 0 vram>vram", "move 0 vram>vram", "notify 0 vram>vram"],
  },
  {
    name: "the first clear throws",
    from: null,
    to: "vram",
    breakIt: breakMove,
    code: "EIO",
    calls: ["notify 0 null>vram", "move 0 zero>vram", "notify 0 vram>null"],
  },
  {
    name: "bind throws from SYSTEM",
    from: "system",
    to: "gtt",
    breakIt: breakBind,
    code: "EIO",
    calls: ["notify 0 system>gtt", "notify 0 gtt>system"],
  },
  {
    name: "bind throws from another window",
    from: "gtt2",
    to: "gtt",
    breakIt: breakBind,
    code: "EIO",
    calls: ["notify 0 gtt2>gtt", "unbind 0", "bind 0 gtt2@0", "notify 0 gtt>gtt2"],
  },
  {
    name: "bind throws out of VRAM",
    from: "vram",
    to: "gtt",
    breakIt: breakBind,
    code: "EIO",
    calls: ["notify 0 vram>gtt", "notify 0 gtt>vram"],
  },
  {
    name: "bind throws for a buffer without a place",
    from: null,
    to: "gtt",
    breakIt: breakBind,
    code: "EIO",
    calls: ["notify 0 null>gtt", "notify 0 gtt>null"],
  },
  { name: "there is no table out of VRAM", from: "vram", to: "gtt", breakIt: breakTable, code: "ENOMEM", calls: [] },
  { name: "there is no first table", from: null, to: "system", breakIt: breakTable, code: "ENOMEM", calls: [] },
  {
    name: "there are no pages out of VRAM",
    from: "vram",
    to: "system",
    breakIt: breakPages,
    code: "ENOMEM",
    calls: [],
  },
  { name: "there are no first pages", from: null, to: "gtt", breakIt: breakPages, code: "ENOMEM", calls: [] },
];

const details = (to: string): Placement =>
  only(to, { caching: ["wc"], fpfn: 0, ...(to === "vram" ? { fpfn: 4 } : {}) });

for (const { name, from, to, breakIt, code, calls } of failures) {
  Deno.test(`when ${name}, nothing has changed, and a later call succeeds`, async () => {
    const made = testDevice({ gtt2: 8 });
    const { device, driver } = made;
    const buffer = device.createBuffer({ bytes: 8192 });
    if (from !== null) {
      place(buffer, from === "vram" ? "vram" : only(from, { caching: ["cached"] }));
      await fill(buffer, 5);
    }
    const { table } = driver;
    breakIt(made);
    buffer.tryReserve();
    driver.calls.length = 0;
    const error = await refusedUnchanged(device, [buffer], () => buffer.validate(details(to)), code, "broken");
    assertStrictEquals(error.cause, broken);
    assertEquals(driver.calls, calls);
    Object.assign(driver, { table, beforeMove: () => {}, beforeBind: () => {} });
    await buffer.validate(details(to));
    assertEquals([buffer.memoryType, await bytesIn(buffer)], [to, [from === null ? 0 : 5]]);
    checkInvariants(device);
  });
}

Deno.test("createTranslationTable() that returns null is ENOMEM, and nothing has changed", async () => {
  const { device, driver } = testDevice();
  const [inVram, fresh] = [put(device, "vram"), device.createBuffer({ bytes: 1 })];
  driver.table = () => null;
  for (const buffer of [inVram, fresh]) {
    buffer.tryReserve();
    await refusedUnchanged(device, [inVram, fresh], () => buffer.validate(only("gtt")), "ENOMEM");
  }
});

Deno.test("a buffer in SYSTEM stays there if its pages cannot be allocated", async () => {
  const { device, driver } = testDevice();
  driver.table = (buffer) => new TranslationTable(buffer.pages, fail);
  const buffer = put(device, "system");
  buffer.tryReserve();
  const error = await refusedUnchanged(device, [buffer], () => buffer.validate(only("gtt")), "ENOMEM", "broken");
  assertStrictEquals(error.cause, broken);
});

for (const code of ["EBUSY", "ENODEV", "EINVAL", "EIO", "ENOSPC"] as const) {
  Deno.test(`an error with ${code} that the driver throws keeps its code`, async () => {
    const { device, driver } = testDevice();
    const buffer = put(device, "system");
    buffer.tryReserve();
    driver.beforeMove = () => {
      throw new TtmError(code, "engine down");
    };
    const error = await refusedUnchanged(device, [buffer], () => buffer.validate(only("vram")), code, "engine down");
    assert(error.message.startsWith("Cannot validate buffer 0: "), error.message);
  });
}

Deno.test("a thrown value that is not an Error is kept as the cause", async () => {
  const { device, driver } = testDevice();
  const buffer = put(device, "system");
  buffer.tryReserve();
  driver.beforeMove = () => {
    // deno-lint-ignore no-throw-literal -- drivers may
    throw "just words";
  };
  const error = await refused(() => buffer.validate(only("vram")), "EIO", "the driver failed");
  assertEquals(error.cause, "just words");
});

Deno.test("a victim whose move throws is unchanged, and the next one is evicted", async () => {
  const { device, driver, moves } = testDevice();
  const [first, second] = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })];
  await fill(first, 1);
  await fill(second, 2);
  driver.beforeMove = ({ buffer }) => buffer === first && fail();
  driver.calls.length = 0;
  const buffer = put(device, "vram");
  assertEquals([first, second, buffer].map(({ memoryType }) => memoryType), ["vram", "gtt", "vram"]);
  assertEquals(driver.calls.slice(0, 5), [
    "notify 0 vram>gtt",
    "bind 0 gtt@0",
    "move 0 vram>gtt",
    "unbind 0",
    "notify 0 gtt>vram",
  ]);
  assertEquals(moves.slice(2), ["0 vram>gtt@0 evict EIO", "1 vram>gtt@0 evict", "2 nowhere>vram@4"]);
  assertEquals([await bytesIn(first), await bytesIn(second), first.tt], [[1], [2], null]);
  checkInvariants(device);
});

const victims: readonly (readonly [string, (made: TestDevice) => void, TtmErrorCode, string])[] = [
  ["move throws", breakMove, "EIO", "broken"],
  ["bind throws", ({ driver }) => driver.beforeBind = fail, "EIO", "broken"],
  ["table cannot be made", breakTable, "ENOMEM", "no room for 1 page"],
  ["pages cannot be had", breakPages, "ENOMEM", "no room for 1 page"],
];
for (const [name, breakIt, code, why] of victims) {
  Deno.test(`when every victim's ${name}, the error is ${code} with cause and report, and nothing has changed`, async () => {
    const made = testDevice();
    const { device } = made;
    const buffers = [1, 2, 3, 4].map((stamp) => put(device, "vram", { pages: 2, label: `${stamp}` }));
    for (const buffer of buffers) await fill(buffer, buffer.id + 1);
    const buffer = put(device, "system");
    breakIt(made);
    buffer.tryReserve();
    const act = () => buffer.validate(only("vram"));
    const error = await refusedUnchanged(device, [buffer, ...buffers], act, code, why);
    assertStrictEquals(error.cause, broken);
    assertEquals(error.report?.tried.at(-1)?.kept["cannot leave"], 4);
  });
}

Deno.test("a victim's failure is not part of the error of a later call", async () => {
  const { device, driver } = testDevice();
  const victim = put(device, "vram", { pages: 4 });
  put(device, "vram", { pages: 4 });
  const buffer = put(device, "system");
  driver.beforeMove = (request) => request.buffer === victim && fail();
  buffer.tryReserve();
  assertEquals(buffer.tryValidate(only("vram")), null);
  driver.beforeMove = () => {};
  const act = () => buffer.tryValidate(only("gtt", { fpfn: 8 }));
  assertStrictEquals((await refused(act, "ENOMEM")).cause, undefined);
});

Deno.test("the failure of a victim that was evicted in a later attempt is not part of the error", async () => {
  const { device, driver } = testDevice();
  const [victim, busy] = [put(device, "vram", { pages: 3 }), put(device, "vram", { pages: 4 })];
  pin(put(device, "vram"));
  const work = addWork(busy);
  const buffer = put(device, "system", { pages: 8 });
  driver.beforeMove = (request) => request.buffer === victim && fail();
  buffer.tryReserve();
  const placed = refused(() => buffer.validate(only("vram")), "ENOMEM", "no room for 8 pages");
  driver.beforeMove = () => {};
  work.signal();
  assertStrictEquals((await placed).cause, undefined);
  assertEquals([victim.memoryType, busy.memoryType], ["gtt", "gtt"]);
});

Deno.test("a failed move out of fixed memory takes the table along that the buffer had there", async () => {
  const { device, driver } = testDevice();
  const buffer = device.createBuffer({ bytes: 1 });
  place(buffer, { placement: [] });
  place(buffer, "vram");
  assertEquals([buffer.memoryType, buffer.tt?.populated], ["vram", false]);
  driver.beforeMove = fail;
  buffer.tryReserve();
  await refused(() => buffer.validate(only("gtt")), "EIO");
  assertEquals([buffer.memoryType, buffer.tt, device.global.usedPages], ["vram", null, 0]);
  buffer.unlock();
  checkInvariants(device);
});
