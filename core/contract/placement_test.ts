import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type Place, type Placement, PreparedPlacement, TtmError } from "../mod.ts";
import { only, testDevice } from "../testing_devices.ts";

const { device } = testDevice();

Deno.test("preparePlacement() fills in what a place leaves out", () => {
  const [place] = device.preparePlacement(only("vram")).places;
  assert(place !== undefined);
  const { type, request, ...rest } = place;
  assertEquals(request, { pages: 0, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false });
  assertEquals([type.name, type.pages], ["vram", 8]);
  assertEquals(rest, {
    place: { memoryType: "vram" },
    fpfn: 0,
    lpfn: Infinity,
    // What its memory type offers.
    cachingMask: 6,
    topDown: false,
    contiguous: false,
    temporary: false,
  });
});

Deno.test("without `busyPlacement` it is the same as `placement`", () => {
  const same = device.preparePlacement(only("vram"));
  assertStrictEquals(same.busyPlaces, same.places);
  const other = device.preparePlacement({ ...only("vram"), busyPlacement: [{ memoryType: "gtt" }] });
  assertEquals(other.busyPlaces.map((place) => place.type.name), ["gtt"]);
});

Deno.test("a placement is empty only if both lists are", () => {
  const lists: readonly Placement[] = [
    { placement: [] },
    { placement: [], busyPlacement: [] },
    { placement: [], busyPlacement: [{ memoryType: "gtt" }] },
    { ...only("vram"), busyPlacement: [] },
  ];
  assertEquals(lists.map((placement) => device.preparePlacement(placement).isEmpty), [true, true, false, false]);
});

const nonsense: readonly (readonly [string, unknown, string])[] = [
  ["no object", null, "the placement must be an object, not null"],
  ["no list", {}, "placement must be an array of places, not undefined"],
  ["no array", { placement: only("vram") }, "placement must be an array of places, not an object"],
  ["a second list that is none", { placement: [], busyPlacement: null }, "busyPlacement must be an array"],
  ["a place that is none", { placement: ["vram"] }, 'placement[0] must be an object, not "vram"'],
  ["a hole", { placement: [undefined] }, "placement[0] must be an object, not undefined"],
];
for (const [name, placement, message] of nonsense) {
  Deno.test(`preparePlacement() refuses ${name}`, () => refuses(placement, message));
}

const places: readonly (readonly [string, Record<keyof Place, unknown> | Record<string, unknown>, string])[] = [
  ["an unknown memory type", { memoryType: "hbm" }, 'names memory type "hbm", this device has system, gtt, vram'],
  ["no memory type", {}, "names memory type undefined"],
  ["a memory type by number", { memoryType: 2 }, "names memory type 2"],
  ["an inherited name", { memoryType: "toString" }, 'names memory type "toString"'],
  ["a negative first page", { fpfn: -1 }, "fpfn must be a whole number from 0"],
  ["a fractional first page", { fpfn: 0.5 }, "fpfn must be a whole number from 0"],
  ["a huge last page", { lpfn: 2 ** 53 }, "lpfn must be a whole number from 0"],
  ["a last page that is no number", { lpfn: NaN }, "lpfn must be a whole number from 0"],
  ["an infinite last page", { lpfn: Infinity }, "lpfn must be a whole number from 0"],
  ["pages as strings", { fpfn: "1" }, 'fpfn must be a whole number from 0 to 9007199254740991, not "1"'],
  ["an empty range", { fpfn: 4, lpfn: 4 }, "has the empty range [4, 4)"],
  ["a range back to front", { fpfn: 4, lpfn: 2 }, "has the empty range [4, 2)"],
  ["no caching attribute", { caching: [] }, "caching has an unknown attribute"],
  ["an unknown caching attribute", { caching: ["cached", "shiny"] }, "caching has an unknown attribute"],
  ["a caching attribute without a list", { caching: "wc" }, "caching has an unknown attribute"],
];
for (const [name, place, message] of places) {
  Deno.test(`preparePlacement() refuses ${name}, in either list`, () => {
    const bad = { memoryType: "vram", ...place, ...(name === "no memory type" ? { memoryType: undefined } : {}) };
    refuses({ placement: [{ memoryType: "vram" }, bad] }, `placement[1]`, message);
    refuses({ placement: [], busyPlacement: [bad] }, `busyPlacement[0]`, message);
  });
}

function refuses(placement: unknown, ...messages: readonly string[]): void {
  for (const message of messages) {
    const error = assertThrows(() => device.preparePlacement(placement as Placement), TtmError, message);
    assertEquals(error.code, "EINVAL");
    assert(error.message.startsWith("Cannot prepare placement: "), error.message);
  }
}

Deno.test("an lpfn of 0 is the end of the memory type, and a larger one than that is allowed", () => {
  const ends = [0, undefined, 5, 100].map((lpfn) =>
    device.preparePlacement(only("vram", lpfn === undefined ? {} : { lpfn })).places[0]?.lpfn
  );
  assertEquals(ends, [Infinity, Infinity, 5, 100]);
});

Deno.test("validate() refuses a placement that another device has prepared, and takes its own any number of times", () => {
  const foreign = testDevice().device.preparePlacement(only("system"));
  const own = device.preparePlacement(only("system"));
  assert(own instanceof PreparedPlacement);
  using buffer = device.createBuffer({ bytes: 1 });
  buffer.tryReserve();
  const error = assertThrows(() => buffer.tryValidate(foreign), TtmError, "prepared by another device");
  assertEquals([error.code, buffer.memoryType], ["EINVAL", null]);
  for (let time = 0; time < 2; time++) assertEquals([buffer.tryValidate(own), buffer.memoryType], [null, "system"]);
  buffer.unreserve();
});
