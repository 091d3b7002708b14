import { assert, assertEquals } from "@std/assert";
import { replayLines, unzipLines } from "./families.ts";
import buddy1 from "./traces/buddy-seed-1.jsonl.gz" with { type: "bytes" };
import buddy5 from "./traces/buddy-seed-5.jsonl.gz" with { type: "bytes" };
import buddy7 from "./traces/buddy-seed-7.jsonl.gz" with { type: "bytes" };
import buddy9 from "./traces/buddy-seed-9.jsonl.gz" with { type: "bytes" };
import mm1 from "./traces/mm-seed-1.jsonl.gz" with { type: "bytes" };
import mm5 from "./traces/mm-seed-5.jsonl.gz" with { type: "bytes" };
import mm9 from "./traces/mm-seed-9.jsonl.gz" with { type: "bytes" };
import ttm1 from "./traces/ttm-seed-1.jsonl.gz" with { type: "bytes" };
import ttm13 from "./traces/ttm-seed-13.jsonl.gz" with { type: "bytes" };
import ttm17 from "./traces/ttm-seed-17.jsonl.gz" with { type: "bytes" };
import ttm5 from "./traces/ttm-seed-5.jsonl.gz" with { type: "bytes" };
import ttm9 from "./traces/ttm-seed-9.jsonl.gz" with { type: "bytes" };
import ttmb1 from "./traces/ttmb-seed-1.jsonl.gz" with { type: "bytes" };
import ttmb2 from "./traces/ttmb-seed-2.jsonl.gz" with { type: "bytes" };
import ttmf1 from "./traces/ttmf-seed-1.jsonl.gz" with { type: "bytes" };
import ttmf2 from "./traces/ttmf-seed-2.jsonl.gz" with { type: "bytes" };
import ttmb109 from "./traces/ttmb-seed-109.jsonl.gz" with { type: "bytes" };
import ttmf110 from "./traces/ttmf-seed-110.jsonl.gz" with { type: "bytes" };
import ttmr1 from "./traces/ttmr-seed-1.jsonl.gz" with { type: "bytes" };
import ttmr2 from "./traces/ttmr-seed-2.jsonl.gz" with { type: "bytes" };
import ttmc2 from "./traces/ttmc-seed-2.jsonl.gz" with { type: "bytes" };
import ttmc7 from "./traces/ttmc-seed-7.jsonl.gz" with { type: "bytes" };
import ttmc9 from "./traces/ttmc-seed-9.jsonl.gz" with { type: "bytes" };
import ttms108 from "./traces/ttms-seed-108.jsonl.gz" with { type: "bytes" };
import ttms1 from "./traces/ttms-seed-1.jsonl.gz" with { type: "bytes" };
import ttms2 from "./traces/ttms-seed-2.jsonl.gz" with { type: "bytes" };
import ttmx102 from "./traces/ttmx-seed-102.jsonl.gz" with { type: "bytes" };
import ttmx104 from "./traces/ttmx-seed-104.jsonl.gz" with { type: "bytes" };
import ttmx107 from "./traces/ttmx-seed-107.jsonl.gz" with { type: "bytes" };
import ttmx109 from "./traces/ttmx-seed-109.jsonl.gz" with { type: "bytes" };
import ttmt1 from "./traces/ttmt-seed-1.jsonl.gz" with { type: "bytes" };
import ttmt2 from "./traces/ttmt-seed-2.jsonl.gz" with { type: "bytes" };
import ttmw5 from "./traces/ttmw-seed-5.jsonl.gz" with { type: "bytes" };
import ttmw7 from "./traces/ttmw-seed-7.jsonl.gz" with { type: "bytes" };
import ttmw9 from "./traces/ttmw-seed-9.jsonl.gz" with { type: "bytes" };

const traces: Readonly<Record<string, { data: Uint8Array<ArrayBuffer>; operations: number }>> = {
  "buddy-seed-1 (one root)": { data: buddy1, operations: 2000 },
  "buddy-seed-5 (several roots)": { data: buddy5, operations: 2000 },
  "buddy-seed-7 (cleared memory)": { data: buddy7, operations: 2000 },
  "buddy-seed-9 (cleared memory, several roots)": { data: buddy9, operations: 2000 },
  "mm-seed-1 (basic)": { data: mm1, operations: 2000 },
  "mm-seed-5 (offset, EVICT, reserve)": { data: mm5, operations: 2000 },
  "mm-seed-9 (guard colours)": { data: mm9, operations: 2000 },
  "ttm-seed-1 (VRAM, SYSTEM)": { data: ttm1, operations: 500 },
  "ttm-seed-5 (priorities, alignment)": { data: ttm5, operations: 500 },
  "ttm-seed-9 (VRAM, TT, SYSTEM)": { data: ttm9, operations: 500 },
  "ttm-seed-13 (nested evictions)": { data: ttm13, operations: 500 },
  "ttm-seed-17 (multihop)": { data: ttm17, operations: 500 },
  "ttmb-seed-1 (buddy-managed VRAM)": { data: ttmb1, operations: 400 },
  "ttmb-seed-2 (buddy-managed VRAM, contiguous)": { data: ttmb2, operations: 400 },
  "ttmc-seed-2 (caching, VRAM with host pages, swapping)": { data: ttmc2, operations: 400 },
  "ttmc-seed-7 (caching on two devices)": { data: ttmc7, operations: 400 },
  "ttmc-seed-9 (caching, failing hooks)": { data: ttmc9, operations: 400 },
  "ttmf-seed-1 (busy buffers, ghosts, evictions that wait)": { data: ttmf1, operations: 400 },
  "ttmf-seed-2 (pipelined evictions, move fences)": { data: ttmf2, operations: 400 },
  "ttmr-seed-1 (shared reservations, bulk moves)": { data: ttmr1, operations: 400 },
  "ttmr-seed-2 (the same with priorities)": { data: ttmr2, operations: 400 },
  "ttms-seed-1 (swapping)": { data: ttms1, operations: 400 },
  "ttms-seed-2 (swapping on two devices)": { data: ttms2, operations: 400 },
  "ttmt-seed-1 (tickets)": { data: ttmt1, operations: 400 },
  "ttmb-seed-109 (buddy-managed VRAM of two devices)": { data: ttmb109, operations: 400 },
  "ttmf-seed-110 (VRAM with host pages)": { data: ttmf110, operations: 400 },
  "ttms-seed-108 (swapping with stops and a limit)": { data: ttms108, operations: 400 },
  "ttmx-seed-102 (fences with errors)": { data: ttmx102, operations: 400 },
  "ttmx-seed-104 (changes of priority)": { data: ttmx104, operations: 400 },
  "ttmx-seed-107 (imported buffers, failing hooks, mock managers)": { data: ttmx107, operations: 400 },
  "ttmx-seed-109 (failing hooks)": { data: ttmx109, operations: 400 },
  "ttmt-seed-2 (tickets, priorities)": { data: ttmt2, operations: 400 },
  "ttmw-seed-5 (threads with tickets, execs and neither)": { data: ttmw5, operations: 400 },
  "ttmw-seed-7 (threads that are interrupted)": { data: ttmw7, operations: 400 },
  "ttmw-seed-9 (threads and shared reservations)": { data: ttmw9, operations: 400 },
};

for (const [name, { data, operations }] of Object.entries(traces)) {
  Deno.test(`kernel trace ${name} is reproduced exactly`, async () => {
    assertEquals(await replayLines(await unzipLines(data)), { operations, divergences: 0 });
  });
}

/** Replays a trace in which one operation was changed. */
async function replayChanged(data: Uint8Array<ArrayBuffer>, at: number, change: (operation: string) => string) {
  const lines = await unzipLines(data);
  const line = lines[at + 1] ?? "";
  assert(change(line) !== line, "the change must change something");
  return await replayLines(lines.with(at + 1, change(line)));
}

Deno.test("a changed address in an mm trace is a divergence at its operation", async () => {
  const { first } = await replayChanged(mm1, 2, (line) => line.replace('"start":18', '"start":19'));
  assertEquals(first, { operation: 2, expected: { start: 19 }, found: { start: 18 } });
});

Deno.test("a changed hole order in an mm trace is a divergence at its operation", async () => {
  const reverse = (line: string) =>
    line.replace(/"stack":(\[\[.*?\]\])/, (_, stack) => `"stack":${JSON.stringify(JSON.parse(stack).reverse())}`);
  const { first } = await replayChanged(mm5, 49, reverse);
  assertEquals(first?.operation, 49);
});

for (
  const [field, from, to] of [
    ["ret", '"ret":0', '"ret":-12'],
    ["moved", '"moved":3', '"moved":4'],
    ["ev", '"ev":[[0,0,2,61,2,15,0]]', '"ev":[[0,1,2,61,2,15,0]]'],
    ["bos", "[0,2,15,3,0,0,1,0]", "[0,2,15,3,0,0,0,0]"],
    ["lru", "[1,2,3,4,0]", "[0,1,2,3,4]"],
    ["pinned", '"pinned":[]', '"pinned":[1]'],
    ["use", '"use":[0,0,23]', '"use":[0,0,24]'],
  ] as const
) {
  Deno.test(`a changed "${field}" in a ttm trace is a divergence at its operation`, async () => {
    const { divergences, first } = await replayChanged(ttm1, 6, (line) => line.replace(from, to));
    assertEquals([divergences, first?.operation, Object.keys(first?.expected ?? {})], [1, 6, [field]]);
  });
}

for (const [field, from, to] of [["lk", "[8,2]", "[8,1]"], ["acq", "[2,1]", "[2,2]"]] as const) {
  Deno.test(`a changed "${field}" in a trace of tickets is a divergence at its operation`, async () => {
    const { divergences, first } = await replayChanged(ttmt1, 20, (line) => line.replace(from, to));
    assertEquals([divergences, first?.operation, Object.keys(first?.expected ?? {})], [1, 20, [field]]);
  });
}

for (
  const [name, data, at, field, from, to] of [
    ["a buddy allocator", buddy7, 57, "blocks", "[2621440,131072,0]", "[2621440,131072,1]"],
    ["a buddy allocator", buddy7, 57, "cavail", "5160960", "5160959"],
    ["a buddy allocator", buddy1, 0, "avail", '"avail":16621568', '"avail":16621567'],
    ["a buddy allocator", buddy1, 12, "ret", '"ret":-22', '"ret":0'],
    ["a buddy allocator", buddy9, 49, "free", '"free":{', '"free":{"x":0,'],
    ["buddy-managed VRAM", ttmb1, 1, "blk", "[[147456,16384]]", "[[147456,8192]]"],
    ["buddy-managed VRAM", ttmb1, 1, "avail", '"avail":151552', '"avail":151551'],
    ["busy buffers", ttmf1, 5, "ev", '["w",1]', '["w",0]'],
    ["busy buffers", ttmf1, 5, "ev", "2,1001]", "2,1000]"],
    ["busy buffers", ttmf1, 5, "bos", "[3,0,0,1,0,0,0,1,1", "[3,0,0,1,0,0,0,0,1"],
    ["busy buffers", ttmf1, 8, "del", "[1000,-1,-1,56", "[1000,2,0,56"],
    ["busy buffers", ttmf1, 8, "fen", "[[3,2]]", "[[3,1]]"],
    ["busy buffers", ttmf1, 8, "lru", "[2,1001,3]", "[2,3,1001]"],
    ["pipelined evictions", ttmf2, 37, "mv", "[-1,-1,8]", "[-1,-1,7]"],
    ["pipelined evictions", ttmf2, 37, "done", "[1000,1001,1002]", "[1001,1000,1002]"],
    ["pipelined evictions", ttmf2, 37, "bos", "[3,2,0,1,0,3,1,0,0", "[3,2,0,1,0,3,1,0,1"],
    ["shared reservations", ttmr1, 62, "rets", "[7,-22]", "[7,0]"],
    ["shared reservations", ttmr1, 62, "bulks", "[0,2,0,14,11]", "[0,2,0,11,14]"],
    ["shared reservations", ttmr1, 62, "pinned", "[1,8,7]", "[1,7,8]"],
    ["swapping", ttms2, 38, "v", "831626743]", "831626744]"],
    ["swapping", ttms2, 38, "bos", "2,0,13,1", "2,0,5,1"],
    ["swapping", ttms2, 38, "devs", '"use":[2,1,0]', '"use":[2,1,1]'],
    ["swapping", ttms2, 38, "order", '"order":[0,1]', '"order":[1,0]'],
    ["swapping", ttms2, 40, "ret", '"ret":4', '"ret":3'],
  ] as const
) {
  Deno.test(`a changed "${field}" (${to}) in a trace of ${name} is a divergence at its operation`, async () => {
    const { divergences, first } = await replayChanged(data, at, (line) => line.replace(from, to));
    assertEquals([divergences, first?.operation, Object.keys(first?.expected ?? {})], [1, at, [field]]);
  });
}
