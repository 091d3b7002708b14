import { assertEquals } from "@std/assert";
import type { RecordEvent } from "@ttm/explain";
import { reduce } from "../reduce/reduce.ts";
import { type ColourBy, groupBuffers, usualColours } from "./groups.ts";
import { AGE_FILLS, FILLS } from "./palette.ts";
import { MapPicture } from "./map_picture.ts";
import { indexStays } from "./stay_index.ts";

/** Two buffers of two tags in ten pages and ten milliseconds, and one of no page of a pixel. */
function made() {
  const buffer = (buffer: number, tag: string, time: number, start: number, pages: number): RecordEvent[] => [
    { kind: "create", time, buffer, label: "", tag, client: "", size: pages, pages },
    {
      ...{ kind: "move", time, buffer, from: null, to: { memoryType: "vram", start }, dropped: false, failure: null },
      ...{ end: time, operation: 0, eviction: null },
    },
  ];
  return reduce({
    header: {
      ...{ format: "ttm-record", version: 1, run: "r", pageSize: 1, driver: "d", policy: "lru", lost: 0 },
      memoryTypes: [{ name: "system", pages: null, manager: null }, { name: "vram", pages: 100, manager: "m" }],
    },
    events: [
      ...buffer(0, "large", 0, 0, 40),
      ...buffer(1, "small", 2, 60, 20),
      { kind: "destroy", time: 6, buffer: 1 },
      ...buffer(2, "tiny", 9, 99, 1),
      { kind: "destroy", time: 9, buffer: 2 },
      { kind: "use", time: 10, buffer: 0 },
    ],
  });
}

function draw(by: ColourBy, letters: ReadonlyMap<number, string>, window = { from: 0, until: 10, low: 0, high: 100 }) {
  const run = made();
  const [width, height] = [10, 10];
  const pixels = new Uint32Array(width * height);
  const scene = { run, index: indexStays(run, 1), which: 0, by: groupBuffers([run], by, []) };
  new MapPicture(pixels, width).draw(window, scene);
  const rows = Array.from({ length: height }, (_, y) => [...pixels.subarray(y * width, (y + 1) * width)]);
  return rows.map((row) => row.map((pixel) => pixel === 0 ? "." : letters.get(pixel) ?? "#").join(""));
}

const TAGS = new Map([[FILLS[0]?.pixel ?? 0, "L"], [FILLS[1]?.pixel ?? 0, "s"], [FILLS[2]?.pixel ?? 0, "t"]]);

Deno.test("rectangles are drawn where they are, with address 0 at the bottom and at least a pixel each", () => {
  assertEquals(draw("tag", TAGS), [
    ".........t",
    "..........",
    "..ssss....",
    "..ssss....",
    "..........",
    "..........",
    ...Array(4).fill("LLLLLLLLLL"),
  ]);
});

Deno.test("a part of time and addresses is drawn over all of the picture, with edges where there is room for them", () => {
  assertEquals(draw("tag", TAGS, { from: 4, until: 8, low: 60, high: 80 }), [
    "#####.....",
    ...Array(9).fill("ssss#....."),
  ]);
});

Deno.test("by age, a rectangle changes from young to old from left to right", () => {
  const ages = new Map(AGE_FILLS.map(({ pixel }, age) => [pixel, `${age}`]));
  const [last] = draw("age", ages).slice(-1);
  assertEquals(last?.slice(0, 9), "355667777");
});

Deno.test("buffers are coloured by tag where there are tags", () => {
  assertEquals(usualColours([made()]), "tag");
  const { groups } = groupBuffers([made()], "tag", []);
  assertEquals(groups.map(({ name }) => name), ["large", "small", "tiny"]);
});
