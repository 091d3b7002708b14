import { assert, assertEquals } from "@std/assert";
import { WorkloadBuilder } from "./builder.ts";
import { allocated, taggedJobs } from "./inspect_testing.ts";
import { StreamedTiles } from "./tiles.ts";

const HERE = { x: 0.5, y: 0.5, heading: 0 };
const TOP_BYTES = 3 * (4 << 20) + 3 * (1 << 20);

/** A world after some frames with a camera that stands still. */
function world(frames: number): { builder: WorkloadBuilder; tiles: StreamedTiles } {
  const builder = new WorkloadBuilder("test", "us");
  const tiles = new StreamedTiles(builder);
  for (let frame = 0; frame < frames; frame++) tiles.stream(HERE);
  return { builder, tiles };
}

Deno.test("a frame uploads four sets of textures, through staging buffers, nearest first", () => {
  const { builder } = world(1);
  const jobs = taggedJobs(builder.finish());
  assertEquals(jobs.length, 8);
  assertEquals(jobs[0]?.writes, ["tile 0,0 tail staging"]);
  assertEquals(jobs[1]?.reads, ["tile 0,0 tail staging"]);
  assertEquals(jobs[1]?.writes, [0, 1, 2, 3, 4, 5].map((texture) => `tile 0,0 tail ${texture}`));
  assertEquals(jobs[3]?.reads, ["tile 0,0 top staging"]);
});

Deno.test("near tiles are uploaded with top mips and far tiles without, each once", () => {
  const workload = world(60).builder.finish();
  const again = world(90).builder.finish();
  assertEquals(allocated(workload, /tail \d/).count / 6, 97);
  const tops = allocated(workload, /top \d/);
  assertEquals([tops.count / 6, tops.bytes], [21, 21 * TOP_BYTES]);
  assertEquals(workload, again);
});

Deno.test("the camera draws tiles in front of it after their upload", () => {
  const { tiles } = world(60);
  const { near, far } = tiles.visible(HERE);
  assert(near.length > 0 && near.length < 21 * 12, `${near.length} near textures`);
  assert(far.length > 0 && far.length < 76 * 6, `${far.length} far textures`);
  assertEquals(new Set([...near, ...far]).size, near.length + far.length);
  const { near: before } = new StreamedTiles(new WorkloadBuilder("test", "us")).visible(HERE);
  assertEquals(before.length, 0);
});

Deno.test("only the lower mips of far tiles are drawn, also if the top ones are resident", () => {
  const { tiles } = world(60);
  const { near, far } = tiles.visible({ x: 3.5, y: 0.5, heading: Math.PI });
  const hasTop = (textures: readonly { bytes: number }[]) => textures.some(({ bytes }) => bytes === 4 << 20);
  assertEquals([hasTop(near), hasTop(far)], [true, false]);
});

Deno.test("tiles out of view stay for a while, and are freed when they are far away", () => {
  const freedAt = (x: number) => {
    const { builder, tiles } = world(60);
    builder.now = 1;
    tiles.stream({ ...HERE, x });
    builder.now = 2;
    const { events } = builder.finish();
    const tags = new Map(events.flatMap((event) => event.op === "alloc" ? [[event.id, event.tag ?? ""]] : []));
    const freed = events.flatMap((event) => event.op === "free" && event.t === 1 ? [tags.get(event.id) ?? ""] : []);
    return freed.filter((tag) => !tag.includes("staging"));
  };
  const tails = (tile: string) => [0, 1, 2, 3, 4, 5].map((texture) => `tile ${tile} tail ${texture}`);
  assertEquals(freedAt(3), []);
  assertEquals(
    freedAt(3.25),
    [...tails("-5,-2"), ...tails("-5,2")].toSorted(),
    "8.004 tiles away; the next are at 7.8",
  );
  assertEquals(freedAt(100).length, 97 * 6 + 21 * 6);
});
