import { assertEquals } from "@std/assert";
import { PAGE_SIZE } from "@ttm/core";
import { replay } from "./mod.ts";
import type { AllocEvent, Workload, WorkloadEvent } from "@ttm/import";

const alloc = (id: number, pages: number, tag?: string): AllocEvent => ({
  op: "alloc",
  t: 0,
  id,
  bytes: pages * PAGE_SIZE,
  ...(tag === undefined ? {} : { tag }),
});
const job = (id: number): WorkloadEvent => ({ op: "job", t: 0, uses: [{ id, write: false }], durationUs: 1 });
const free = (id: number): WorkloadEvent => ({ op: "free", t: 0, id });
const workload = (...events: WorkloadEvent[]): Workload => ({ name: "tags", time: "seq", events });

/** Three pages of VRAM; buffers 1 and 2 share a tag, 4 has none. */
const shared = workload(
  ...[alloc(1, 2, "kv"), alloc(2, 1, "kv"), alloc(3, 3, "weights"), alloc(4, 3), alloc(5, 1, "idle")],
  ...[job(1), job(2), job(3), job(1), free(3), job(4), job(2)],
);

Deno.test("a report adds up the moved bytes of each tag, the largest first", async () => {
  const { report } = await replay(shared, { vram: `${3 * PAGE_SIZE}` });
  const pages = report.tags.map(({ tag, buffers, bytes, bytesIn, bytesOut, bytesBound, evictions }) => [
    tag,
    buffers,
    ...[bytes, bytesIn, bytesOut, bytesBound].map((value) => value / PAGE_SIZE),
    evictions,
  ]);
  assertEquals(pages, [
    ["kv", 2, 3, 3, 5, 0, 3],
    ["weights", 1, 3, 0, 3, 0, 1],
    ["idle", 1, 1, 0, 0, 0, 0],
  ]);
  assertEquals(report.evictions, 5, "the untagged buffer was evicted as well");
});

Deno.test("a report has the bound bytes of each tag for a GPU that only binds", async () => {
  const { report: { tags } } = await replay(shared, { vram: `${3 * PAGE_SIZE}`, driver: "cma-sim" });
  assertEquals(tags.map(({ tag, bytesIn, bytesOut }) => [tag, bytesIn, bytesOut]), [
    ["kv", 0, 0],
    ["weights", 0, 0],
    ["idle", 0, 0],
  ]);
  assertEquals(tags.map(({ bytesBound }) => bytesBound / PAGE_SIZE), [11, 6, 0]);
});

Deno.test("the text of a report has a table of the tags that moved most bytes, if there are tags", async () => {
  const { text } = await replay(shared, { vram: `${3 * PAGE_SIZE}` });
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith("  tag "));
  assertEquals(lines.slice(at, at + 5), [
    "  tag      buffers     bytes        in       out  evictions",
    "  kv             2  12.0 KiB  12.0 KiB  20.0 KiB          3",
    "  weights        1  12.0 KiB       0 B  12.0 KiB          1",
    "  idle           1  4.00 KiB       0 B       0 B          0",
    "",
  ]);
  assertEquals((await replay(workload(alloc(1, 1), job(1)))).text.includes("  tag"), false);
});

Deno.test("the table of tags has at most five lines, and truncates long tags", async () => {
  const tags = Array.from({ length: 1200 }, (_, id) => alloc(id, 1, `${"x".repeat(60)} ${id}`));
  const { text } = await replay(workload(...tags), { vram: "100%" });
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith("  tags moved most, of 1,200 "));
  assertEquals(lines.slice(at + 1, at + 6).map((line) => line.slice(0, 49)), Array(5).fill(`  ${"x".repeat(43)}…   `));
  assertEquals(lines[at + 6], "");
});

Deno.test("tags may have any name", async () => {
  const names = ["__proto__", "constructor", "", "a\tb"];
  const { report } = await replay(workload(...names.map((tag, id) => alloc(id, 1, tag))));
  assertEquals(report.tags.map(({ tag }) => tag).toSorted(), names.toSorted());
});
