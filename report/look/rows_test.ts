import { assert, assertEquals } from "@std/assert";
import { at } from "../at.ts";
import { reduce } from "../reduce/reduce.ts";
import { makeRecord } from "../testing_records.ts";
import { bufferName, sizeText, timeText } from "./names.ts";
import { type Key, rowsOf } from "./rows.ts";

const run = reduce(makeRecord({ events: 4000 }));

Deno.test("a search finds parts of labels, tags and clients in any case, and numbers as a whole", () => {
  const names = (query: string) => [...rowsOf(run, query, "created", false)].map((row) => bufferName(run, row));
  assertEquals(names("").length, run.buffers.id.length);
  assertEquals(names("7").filter((name) => name.startsWith("buffer 7 ")).length, 1);
  const found = names(" WEIGHTS ");
  assert(found.length > 1 && found.every((name) => name.includes("weights")));
  assertEquals(names("no such thing"), []);
});

Deno.test("rows are sorted by any column both ways, and equal ones by their creation", () => {
  for (const key of ["bytes", "created", "destroyed", "evictions", "moved"] as Key[]) {
    const rows = [...rowsOf(run, "", key, false)];
    for (const [place, row] of rows.entries()) {
      const before = rows[place - 1];
      if (before === undefined) continue;
      const [a, b] = [at(run.buffers[key], before), at(run.buffers[key], row)];
      assert(a < b || (a === b && before < row), `${key}: ${a} before ${b}`);
    }
    const [first] = rowsOf(run, "", key, true);
    assertEquals(at(run.buffers[key], first ?? -1), at(run.buffers[key], rows.at(-1) ?? -1));
  }
  const labels = [...rowsOf(run, "scratch", "label", false)].map((row) => bufferName(run, row));
  const numbers = labels.map((label) => Number(/\d+/.exec(label)?.[0]));
  assertEquals(numbers, numbers.toSorted((a, b) => a - b), "by number, not by digit");
});

Deno.test("sizes and times are for people", () => {
  assertEquals([0, 1, 1023, 1536, 2 ** 30 * 150].map(sizeText), ["0 B", "1 B", "1023 B", "1.50 KiB", "150.0 GiB"]);
  assertEquals(timeText({ time: "ms" }, 3200.54), "3,200.5 ms");
  assertEquals(timeText({ time: "ms" }, 0.0124), "0.012 ms");
  assertEquals(timeText({ time: "steps" }, 1234), "1,234 steps");
});
