import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { byteMemory } from "./memory.ts";
import { stampMemory, StampRuns } from "./stamp_memory.ts";

const PAGES = 12;
const ZERO = { stamp: 0, offset: 0 };

interface Page {
  readonly stamp: number;
  readonly offset: number;
}

/** The contents of each page of [page, page + pages), from the runs. */
function pagesOf(memory: StampRuns, page = 0, pages = memory.pages): Page[] {
  let next = page;
  return [...memory.read(page, pages)].flatMap((run) => {
    assertEquals(run.start, next, "runs follow one another without gaps");
    next += run.pages;
    return Array.from({ length: run.pages }, (_, k) => ({
      stamp: run.stamp,
      offset: run.stamp === 0 ? 0 : run.offset + k,
    }));
  });
}

Deno.test("StampRuns starts as one run of zeros", () => {
  const memory = new StampRuns(PAGES);
  assertEquals([...memory.read(0, PAGES)], [{ start: 0, pages: PAGES, ...ZERO }]);
  assertEquals([memory.pages, memory.length], [PAGES, 1]);
});

Deno.test("StampRuns.write() splits the run that it overwrites, and keeps both ends", () => {
  const memory = new StampRuns(10);
  memory.write(0, 10, 1, 0);
  memory.write(4, 2, 2, 7);
  assertEquals([...memory.read(0, 10)], [
    { start: 0, pages: 4, stamp: 1, offset: 0 },
    { start: 4, pages: 2, stamp: 2, offset: 7 },
    { start: 6, pages: 4, stamp: 1, offset: 6 },
  ]);
  memory.write(2, 6, 3, 0);
  assertEquals([...memory.read(0, 10)].map(({ start, stamp, offset }) => [start, stamp, offset]), [
    [0, 1, 0],
    [2, 3, 0],
    [8, 1, 8],
  ]);
});

Deno.test("StampRuns.write() merges a run that continues a neighbour on either side", () => {
  const left = new StampRuns(4);
  left.write(0, 2, 1, 0);
  left.write(2, 2, 1, 2);
  assertEquals([...left.read(0, 4)], [{ start: 0, pages: 4, stamp: 1, offset: 0 }]);
  const right = new StampRuns(4);
  right.write(2, 2, 1, 2);
  right.write(0, 2, 1, 0);
  assertEquals([...right.read(0, 4)], [{ start: 0, pages: 4, stamp: 1, offset: 0 }]);
  const apart = new StampRuns(4);
  apart.write(0, 2, 1, 0);
  apart.write(2, 2, 1, 0);
  assertEquals(apart.length, 2, "the same stamp, but not the next page of it");
});

Deno.test("StampRuns.write() of all the memory leaves one run", () => {
  const memory = new StampRuns(100);
  for (let page = 0; page < 100; page += 2) memory.write(page, 1, page + 1, 0);
  assertEquals(memory.length, 100);
  memory.write(0, 100, 7, 0);
  assertEquals(memory.length, 1);
  memory.write(10, 80, 8, 0);
  for (let page = 0; page < 100; page++) memory.write(page, 1, 0, page);
  assertEquals(memory.length, 1, "zeroed pages are all alike, whatever their offset");
});

Deno.test("StampRuns.read() cuts runs to the pages asked for", () => {
  const memory = new StampRuns(10);
  memory.write(2, 6, 5, 0);
  assertEquals([...memory.read(3, 2)], [{ start: 3, pages: 2, stamp: 5, offset: 1 }]);
  assertEquals([...memory.read(7, 3)], [
    { start: 7, pages: 1, stamp: 5, offset: 5 },
    { start: 8, pages: 2, ...ZERO },
  ]);
});

Deno.test("stampMemory.firstMismatch() finds the first page that is not the stamp's", () => {
  const memory = stampMemory.create(8);
  stampMemory.fill(memory, 2, 4, 7);
  assertEquals(stampMemory.firstMismatch(memory, 2, 4, 7), -1);
  assertEquals(stampMemory.firstMismatch(memory, 2, 6, 7), 4);
  assertEquals(stampMemory.firstMismatch(memory, 3, 2, 7), 0, "shifted by a page");
  assertEquals(stampMemory.firstMismatch(memory, 2, 4, 8), 0);
  assertEquals(stampMemory.firstMismatch(memory, 0, 4, 0), 2);
  assertEquals(stampMemory.firstMismatch(memory, 6, 2, 0), -1);
});

/** The least number of runs for these contents. */
function leastRuns(pages: readonly Page[]): number {
  return pages.filter(({ stamp, offset }, at) => {
    const left = pages[at - 1];
    return left?.stamp !== stamp || (stamp !== 0 && left.offset + 1 !== offset);
  }).length;
}

const range = fc.tuple(fc.nat(PAGES - 1), fc.integer({ min: 1, max: PAGES }))
  .map(([page, pages]) => ({ page, pages: Math.min(pages, PAGES - page) }));
const stamps = fc.nat(3);
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("write" as const), to: range, stamp: stamps, offset: fc.nat(4) }),
    fc.record({ kind: fc.constant("fill" as const), to: range, stamp: stamps }),
    fc.record({ kind: fc.constant("copy" as const), from: range, to: range }),
  ),
  { maxLength: 30 },
);

Deno.test("StampRuns has the contents of an array of pages after random operations", () => {
  fc.assert(fc.property(steps, fc.array(range, { maxLength: 5 }), (steps, looks) => {
    const [memory, other] = [new StampRuns(PAGES), new StampRuns(PAGES)];
    other.write(0, PAGES, 9, 0);
    const model: Page[] = Array.from({ length: PAGES }, () => ZERO);
    for (const step of steps) {
      const { page } = step.to;
      let { pages } = step.to;
      if (step.kind === "copy") {
        pages = Math.min(pages, step.from.pages);
        stampMemory.copy(other, step.from.page, memory, page, pages);
      } else if (step.kind === "fill") stampMemory.fill(memory, page, pages, step.stamp);
      else memory.write(page, pages, step.stamp, step.offset);
      for (let k = 0; k < pages; k++) {
        if (step.kind === "copy") model[page + k] = { stamp: 9, offset: step.from.page + k };
        else if (step.stamp === 0) model[page + k] = ZERO;
        else model[page + k] = { stamp: step.stamp, offset: k + (step.kind === "write" ? step.offset : 0) };
      }
      assertEquals(pagesOf(memory), model);
      assertEquals(memory.length, leastRuns(model));
    }
    for (const { page, pages } of looks) assertEquals(pagesOf(memory, page, pages), model.slice(page, page + pages));
  }));
});

Deno.test("stampMemory and byteMemory give the same results", () => {
  fc.assert(fc.property(steps, range, stamps, (steps, look, stamp) => {
    const answers = [byteMemory, stampMemory].map((kind) => {
      const [memory, other] = [kind.create(PAGES), kind.create(PAGES)] as [never, never];
      kind.fill(other, 0, PAGES, 1);
      for (const step of steps) {
        const { page, pages } = step.to;
        if (step.kind === "copy") kind.copy(other, step.from.page, memory, page, Math.min(pages, step.from.pages));
        else kind.fill(memory, page, pages, step.stamp);
      }
      return kind.firstMismatch(memory, look.page, look.pages, stamp);
    });
    assertEquals(answers[1], answers[0]);
  }));
});

Deno.test("stamps survive a swap store", () => {
  fc.assert(fc.property(steps, (steps) => {
    const memory = stampMemory.create(PAGES);
    for (const step of steps) {
      if (step.kind === "fill") stampMemory.fill(memory, step.to.page, step.to.pages, step.stamp);
    }
    const copy = stampMemory.codec?.decode(stampMemory.codec.encode(memory)) as StampRuns;
    assertEquals([copy.pages, pagesOf(copy)], [PAGES, pagesOf(memory)]);
  }));
});
