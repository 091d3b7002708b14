import { assertEquals } from "@std/assert";
import { Timeline } from "./timeline.ts";

/** A timeline over work whose end the test decides. */
function bench() {
  const done: (() => void)[] = [];
  const timeline = new Timeline(() => new Promise((resolve) => done.push(resolve)));
  const readback = () => {
    const part = { begun: false, resolve: () => {}, reject: (_error: unknown) => {} };
    const fence = timeline.readback(() => {
      part.begun = true;
      return new Promise((resolve, reject) => Object.assign(part, { resolve, reject }));
    });
    return Object.assign(part, { fence });
  };
  return { timeline, done, readback };
}
const turn = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("nothing is asked for work that nobody waits for, and it shares one fence", async () => {
  const { timeline, done } = bench();
  assertEquals(timeline.work(), timeline.work());
  await turn();
  assertEquals([done.length, timeline.waits], [0, 0]);
});

Deno.test("one question answers all fences before it; later work has another fence", async () => {
  const { timeline, done, readback } = bench();
  const first = timeline.work();
  const read = readback();
  const second = timeline.work();
  second.enableSignaling();
  first.enableSignaling();
  await turn();
  assertEquals([done.length, read.begun, timeline.waits], [1, true, 1]);
  const third = timeline.work();
  assertEquals(third === second, false);
  done[0]?.();
  await turn();
  assertEquals([first.signalled, second.signalled], [true, false], "the readback has not arrived");
  read.resolve();
  await turn();
  assertEquals([second.signalled, third.signalled], [true, false]);
});

Deno.test("all readbacks begin together when one is waited for, and the work before needs no question", async () => {
  const { timeline, done, readback } = bench();
  const work = timeline.work();
  const reads = [readback(), readback(), readback()];
  const later = timeline.work();
  reads[0]?.fence.enableSignaling();
  await turn();
  assertEquals([reads.map(({ begun }) => begun), done.length, timeline.waits], [[true, true, true], 0, 1]);
  // They may end in any order; their fences signal in that of the timeline.
  reads[2]?.resolve();
  await turn();
  assertEquals([work.signalled, reads.map(({ fence }) => fence.signalled)], [true, [false, false, false]]);
  reads[1]?.reject(new Error("lost bytes"));
  reads[0]?.resolve();
  await turn();
  assertEquals(reads.map(({ fence }) => [fence.signalled, fence.error === undefined]), [
    [true, true],
    [true, false],
    [true, true],
  ]);
  assertEquals(later.signalled, false);
});

Deno.test("a question that the device answers with an error is answered: the loss of the device is told otherwise", async () => {
  const timeline = new Timeline(() => Promise.reject(new Error("lost")));
  const work = timeline.work();
  work.enableSignaling();
  await turn();
  assertEquals([work.signalled, work.error], [true, undefined]);
});

Deno.test("when the device is lost all fences fail, and what settles later is ignored", async () => {
  const { timeline, done, readback } = bench();
  const [work, read] = [timeline.work(), readback()];
  const last = timeline.work();
  last.enableSignaling();
  await turn();
  timeline.fail("lost");
  assertEquals([work, read.fence, last].map(({ error }) => error), ["lost", "lost", "lost"]);
  const next = timeline.work();
  read.resolve();
  done[0]?.();
  await turn();
  assertEquals(next.signalled, false);
});

/** What is looked at while so many readbacks are waited for one by one, and end from the last to the second. */
async function steps(count: number): Promise<number> {
  const { timeline, readback } = bench();
  const reads = Array.from({ length: count }, () => [timeline.work(), readback()] as const);
  for (const [, { fence }] of reads) fence.enableSignaling();
  await turn();
  for (const [, { resolve }] of reads.slice(1).reverse()) resolve();
  await turn();
  assertEquals(reads.map(([work, { fence }]) => [work.signalled, fence.signalled]).flat().indexOf(false), 1);
  reads[0]?.[1].resolve();
  await turn();
  assertEquals(reads.every(([work, { fence }]) => work.signalled && fence.signalled), true);
  return timeline.steps;
}

Deno.test("each of many entries is looked at twice, in whatever order they end", async () => {
  assertEquals([await steps(50), await steps(200)], [200, 800]);
});
