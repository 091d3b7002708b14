import { assertEquals } from "@std/assert";
import type { EvictionCause, RecordEvent } from "@ttm/explain";
import { reduce } from "../reduce/reduce.ts";
import { cameStory, stayStory, wentStory } from "./story.ts";

const header = {
  ...{ format: "ttm-record", version: 1, run: "r", pageSize: 4096, driver: "d", policy: "lru", lost: 0 } as const,
  memoryTypes: ["system", "vram", "gtt"].map((name) => ({ name, pages: name === "system" ? null : 8, manager: "m" })),
};
const place = (memoryType: string) => ({ memoryType, start: 3 });
const create = (buffer: number, label: string): RecordEvent => {
  return { kind: "create", time: 0, buffer, label, tag: "", client: "", size: 8192, pages: 2 };
};
const move = (time: number, from: string | null, to: string, eviction: EvictionCause | null = null): RecordEvent => ({
  ...{ kind: "move", time, buffer: 0, from: from === null ? null : place(from), to: place(to), dropped: false },
  ...{ failure: null, end: time, operation: 7, eviction },
});

const run = reduce({
  header,
  events: [
    ...[create(0, "victim"), create(1, "scanout"), create(2, "")],
    { kind: "operation", time: 0, operation: 7, name: "submit", buffer: 2, submission: 4 },
    move(0, null, "vram"),
    move(3200, "vram", "gtt", {
      ...{ forBuffer: 2, pages: 2, place: { memoryType: "vram", fpfn: 0, lpfn: 4 }, position: 1 },
      passedOver: [{ buffer: 1, reason: "pinned" }],
    }),
    move(3300, "gtt", "vram"),
    move(3400, "vram", "system", { forBuffer: null, pages: 0, place: null, position: 0, passedOver: [] }),
    { kind: "destroy", time: 3500, buffer: 0 },
  ],
});

Deno.test("an eviction is told with who needed what, the place in the order, who was passed over and the operation", () => {
  assertEquals(
    wentStory(run, 0),
    "evicted to gtt for buffer 2, which needed 8.00 KiB in vram between pages 0 and 4; it was candidate 2 in the order " +
      'of eviction, after buffer 1 "scanout" (pinned), by submit of buffer 2 in submission 4 (operation 7)',
  );
  assertEquals(
    wentStory(run, 2),
    "evicted to system for no buffer; it was candidate 1 in the order of eviction, by submit of buffer 2 in submission " +
      "4 (operation 7)",
  );
});

Deno.test("a stay is told with where it was, why the buffer came and why it went", () => {
  const by = "by submit of buffer 2 in submission 4 (operation 7)";
  assertEquals(stayStory(run, 1), [
    "8.00 KiB in gtt from page 3",
    `Came at 3,200 ms: evicted to here from vram, ${by}.`,
    `Went at 3,300 ms, after 100 ms: moved to vram, ${by}.`,
  ]);
  assertEquals([cameStory(run, 0), cameStory(run, 2)], [
    `placed here for the first time, ${by}`,
    `moved here from gtt, ${by}`,
  ]);
  assertEquals(wentStory(run, 3), "destroyed");
});
