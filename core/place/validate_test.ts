import { assertEquals, assertExists } from "@std/assert";
import { type BufferObject, type Caching, checkInvariants, type Placement } from "../mod.ts";
import {
  only,
  pin,
  place,
  put,
  refused,
  refusedUnchanged,
  type TestDevice,
  testDevice,
  whileReserved,
} from "../testing_devices.ts";

Deno.test("validate() gives a buffer the first place that has room", () => {
  const { device } = testDevice();
  const both = { placement: [{ memoryType: "vram" }, { memoryType: "gtt" }] };
  assertEquals([put(device, both, { pages: 6 }).memoryType, put(device, both, { pages: 6 }).memoryType], [
    "vram",
    "gtt",
  ]);
});

Deno.test("validate() of a buffer that is in place moves nothing and calls no hook", () => {
  const { device, driver, moves } = testDevice();
  const buffer = put(device, "vram");
  const before = [driver.calls.length, moves.length, buffer.place];
  place(buffer, only("vram", { topDown: true, lpfn: 8 }));
  assertEquals([driver.calls.length, moves.length, buffer.place], before);
});

/** How a buffer may leave the place that it was validated to. */
const departures: readonly (readonly [string, (made: TestDevice, buffer: BufferObject) => unknown])[] = [
  ["evicted", ({ device }) => device.evictFirst("vram")],
  ["validated elsewhere", (_, buffer) => place(buffer, "gtt")],
  ["purged", (_, buffer) => place(buffer, { placement: [] })],
  ["moved within its memory type", (_, buffer) => place(buffer, only("vram", { fpfn: 2 }))],
  ["pushed out by another", ({ device }) => put(device, only("vram", { lpfn: 6 }), { pages: 6 })],
];
for (const [how, leave] of departures) {
  Deno.test(`the same prepared placement brings a buffer back that was ${how}`, async () => {
    const made = testDevice();
    const prepared = made.device.preparePlacement(only("vram", { lpfn: 2 }));
    const buffer = put(made.device, prepared, { pages: 2 });
    for (const validate of [() => buffer.tryValidate(prepared), () => buffer.validate(prepared)]) {
      // Once more, so that the buffer is known to be where it should be.
      place(buffer, prepared);
      await leave(made, buffer);
      buffer.tryReserve();
      await validate();
      buffer.unreserve();
      assertEquals([buffer.memoryType, buffer.start], ["vram", 0]);
    }
    checkInvariants(made.device);
  });
}

/** Where a buffer of pages [4, 6) in VRAM, write-combined, is after it was asked to be in `asked`. */
const compatible: readonly (readonly [string, Placement, boolean])[] = [
  ["its exact range", only("vram", { fpfn: 4, lpfn: 6 }), true],
  ["a range that ends inside it", only("vram", { lpfn: 5 }), false],
  ["a range that starts inside it", only("vram", { fpfn: 5 }), false],
  ["its caching among others", only("vram", { caching: ["cached", "wc"] }), true],
  ["other caching", only("vram", { caching: ["uncached"] }), false],
  ["contiguous pages", only("vram", { contiguous: true }), false],
  ["the top of its memory type", only("vram", { topDown: true }), true],
  ["a temporary place of its memory type", only("vram", { temporary: true }), true],
];
for (const [name, asked, stays] of compatible) {
  Deno.test(`a buffer that is asked to be in ${name} ${stays ? "stays" : "moves"}`, () => {
    const { device, moves } = testDevice();
    const buffer = put(device, only("vram", { fpfn: 4 }), { pages: 2 });
    moves.length = 0;
    place(buffer, asked);
    assertEquals(moves.length, stays ? 0 : 1);
    checkInvariants(device);
  });
}

Deno.test("a contiguous resource is compatible with a contiguous place", () => {
  const { device, moves } = testDevice();
  const buffer = put(device, only("vram", { contiguous: true }));
  place(buffer, only("vram", { contiguous: true }));
  assertEquals(moves.length, 1);
});

Deno.test("a temporary resource is compatible with no place", () => {
  const { device, moves } = testDevice();
  const buffer = put(device, only("gtt", { temporary: true }));
  place(buffer, "gtt");
  assertEquals([moves.length, buffer.place?.temporary], [2, undefined]);
});

Deno.test("place ranges, direction and alignment decide the start", () => {
  const { device } = testDevice({ vram: 32 });
  const starts = [
    put(device, only("vram", { fpfn: 5 })),
    put(device, only("vram", { topDown: true }), { pages: 2 }),
    put(device, only("vram", { fpfn: 9, lpfn: 20, topDown: true }), { pages: 3 }),
    put(device, only("vram", { fpfn: 6 }), { alignment: 7 }),
  ].map((buffer) => buffer.start);
  assertEquals(starts, [5, 30, 17, 7]);
});

const caching: readonly (readonly [string, readonly Caching[] | null, readonly Caching[] | undefined, Caching])[] = [
  ["the present one if allowed", ["uncached"], ["wc", "uncached"], "uncached"],
  ["the memory type's default without a present one", null, undefined, "cached"],
  ["the memory type's default if the present one is not allowed", ["uncached"], ["cached", "wc"], "cached"],
  ["write-combined before uncached", null, ["uncached", "wc"], "wc"],
];
for (const [name, present, allowed, expected] of caching) {
  Deno.test(`the pages are mapped with ${name}`, () => {
    const { device } = testDevice();
    const buffer = device.createBuffer({ bytes: 1 });
    if (present !== null) place(buffer, only("system", { caching: present }));
    place(buffer, only("gtt", allowed === undefined ? {} : { caching: allowed }));
    assertEquals(buffer.tt?.caching, expected);
  });
}

Deno.test("a buffer moves within its memory type to change its caching", () => {
  const { device, moves } = testDevice();
  const buffer = put(device, "gtt");
  place(buffer, only("gtt", { caching: ["wc"] }));
  assertEquals([buffer.tt?.caching, moves], ["wc", ["0 nowhere>gtt@0", "0 gtt>gtt@1"]]);
});

Deno.test("every validate() tries the first list, and a buffer in the second stays if the first has no room", () => {
  const { device } = testDevice();
  const wish = { placement: [{ memoryType: "vram" }], busyPlacement: [{ memoryType: "gtt" }] };
  const full = put(device, "vram", { pages: 8 });
  const buffer = put(device, wish);
  assertEquals([buffer.memoryType, full.memoryType], ["gtt", "vram"]);
  const start = buffer.start;
  place(buffer, wish);
  assertEquals([buffer.memoryType, buffer.start], ["gtt", start]);
  full.unref();
  place(buffer, wish);
  assertEquals(buffer.memoryType, "vram");
});

Deno.test("only places of the second list evict", () => {
  const { device } = testDevice();
  const [oldVram, oldGtt] = [put(device, "vram", { pages: 8 }), put(device, "gtt", { pages: 8 })];
  const buffer = put(device, { placement: [{ memoryType: "vram" }], busyPlacement: [{ memoryType: "gtt" }] });
  assertEquals([oldVram, oldGtt, buffer].map(({ memoryType }) => memoryType), ["vram", "system", "gtt"]);
});

Deno.test("with an empty first list the second one is used, and with an empty second one nothing is evicted", async () => {
  const { device } = testDevice();
  const buffer = put(device, { placement: [], busyPlacement: [{ memoryType: "vram" }] }, { pages: 8 });
  assertEquals(buffer.memoryType, "vram");
  const other = put(device, "system");
  other.tryReserve();
  const asked = { ...only("vram"), busyPlacement: [] };
  await refusedUnchanged(device, [buffer, other], () => other.validate(asked), "ENOMEM", "no place may be used");
});

Deno.test("a memory type without a manager is skipped, and ENOMEM if it is the only one", async () => {
  const { device } = testDevice({ managers: { gtt: undefined as never } });
  const buffer = put(device, { placement: [{ memoryType: "gtt" }, { memoryType: "vram" }] });
  assertEquals(buffer.memoryType, "vram");
  buffer.tryReserve();
  await refusedUnchanged(device, [buffer], () => buffer.validate(only("gtt")), "ENOMEM", "gtt: no manager");
});

Deno.test("a place whose caching its memory type does not offer is skipped", async () => {
  const { device } = testDevice();
  const buffer = put(device, { placement: [{ memoryType: "vram", caching: ["cached"] }, { memoryType: "gtt" }] });
  assertEquals(buffer.memoryType, "gtt");
  buffer.tryReserve();
  const asked = only("vram", { caching: ["cached"] });
  await refusedUnchanged(device, [buffer], () => buffer.validate(asked), "ENOMEM", "caching not available");
});

Deno.test("validate() without room is ENOMEM, and its victims stay evicted", async () => {
  const { device } = testDevice();
  const [pinned, victim] = [put(device, "vram"), put(device, "vram")];
  pin(pinned);
  const buffer = device.createBuffer({ bytes: 8 * 4096 });
  buffer.tryReserve();
  const { report } = await refused(() => buffer.validate(only("vram")), "ENOMEM", "no room for 8 pages");
  assertExists(report);
  assertEquals([buffer.memoryType, victim.memoryType], [null, "gtt"]);
  checkInvariants(device);
});

Deno.test("a pinned buffer can be validated to its present place, and to no other", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  pin(buffer);
  place(buffer, "vram");
  buffer.tryReserve();
  const elsewhere = [only("gtt"), only("vram", { fpfn: 4 }), {
    ...only("gtt"),
    busyPlacement: [{ memoryType: "vram" }],
  }];
  for (const asked of elsewhere) {
    await refusedUnchanged(device, [buffer], () => buffer.validate(asked), "EINVAL", "pinned in vram");
  }
});

Deno.test("a buffer that was pinned before it had a place cannot get one", async () => {
  const { device } = testDevice();
  const buffer = device.createBuffer({ bytes: 1 });
  pin(buffer);
  buffer.tryReserve();
  await refusedUnchanged(device, [buffer], () => buffer.validate(only("vram")), "EINVAL", "pinned");
});

Deno.test("pins nest: the buffer may move after the last one", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  for (let time = 0; time < 3; time++) pin(buffer);
  assertEquals(buffer.pins, 3);
  whileReserved(buffer, () => [buffer.unpin(), buffer.unpin(), buffer.unpin()]);
  place(buffer, "gtt");
  assertEquals([buffer.pins, buffer.memoryType], [0, "gtt"]);
});

Deno.test("tryValidate() and validate() have the same results", async () => {
  const { device } = testDevice();
  const [now, later] = [put(device, "system"), put(device, "system")];
  now.tryReserve();
  later.tryReserve();
  assertEquals(now.tryValidate(only("vram")), null);
  await later.validate(only("vram"));
  assertEquals([now.start, later.start], [0, 1]);
  await refused(() => now.tryValidate({ placement: [{ memoryType: "vram", fpfn: 8 }] }), "ENOMEM");
  await refused(() => later.validate({ placement: [{ memoryType: "vram", fpfn: 8 }] }), "ENOMEM");
});
