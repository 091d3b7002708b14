import { assertEquals } from "@std/assert";
import { readBoTrace } from "./bo_trace.ts";
import { assertRefused, HEADER, traceFile } from "./trace_testing.ts";

const alloc = (id: number, t = 0) => ({ t, op: "alloc", id, bytes: 4096 });
const free = (id: number, t = 0) => ({ t, op: "free", id });
const use = (id: number, job?: number, more: object = {}) => ({ t: 0, op: "use", id, job, ...more });

/** Fails unless the last of the events is refused. The first event is on line 2. */
async function refused(events: readonly object[], why: string): Promise<void> {
  await assertRefused(traceFile([HEADER, ...events]), events.length + 1, `Cannot replay ${why}`);
}

Deno.test("time must not go back", async () => {
  await refused([alloc(7, 5), free(7, 4)], "free of buffer 7: t goes back from 5 to 4");
});

Deno.test("an id can be allocated only once", async () => {
  await refused([alloc(7), alloc(7)], "alloc of buffer 7: its id was taken on line 2");
  await refused([alloc(7), free(7), alloc(7)], "alloc of buffer 7: its id was taken on line 2");
});

Deno.test("only a live buffer can be used or freed", async () => {
  await refused([use(7)], "use of buffer 7: it was not allocated before");
  await refused([free(7)], "free of buffer 7: it was not allocated before");
  await refused([alloc(7), free(7), use(7)], "use of buffer 7: it was freed on line 3");
  await refused([alloc(7), alloc(8), free(7), free(7)], "free of buffer 7: it was freed on line 4");
});

Deno.test("a job uses a buffer once", async () => {
  const events = [alloc(7), alloc(8), use(7, 1), use(8, 1), use(7, 1)];
  await refused(events, "use of buffer 7: job 1 uses it already on line 4");
});

Deno.test("the uses of a job must be on adjacent lines", async () => {
  const why = "use of buffer 8: job 1 began on line 4 and was over before this line";
  const start = [alloc(7), alloc(8), use(7, 1)];
  await refused([...start, use(7, 2), use(8, 1)], why);
  await refused([...start, use(7), use(8, 1)], why);
  await refused([...start, alloc(9), use(8, 1)], why);
  await refused([...start, free(7), use(8, 1)], why);
});

Deno.test("the uses of a job must have the same time, duration and context", async () => {
  const start = [alloc(7), alloc(8), use(7, 1, { dur: 5 })];
  const why = "on line 4, where job 1 begins";
  await refused([...start, use(8, 1, { t: 3 })], `use of buffer 8: t is 3, but 0 ${why}`);
  await refused([...start, use(8, 1, { dur: 6 })], `use of buffer 8: dur is 6, but 5 ${why}`);
  await refused(
    [alloc(7), alloc(8), use(7, 1), use(8, 1, { dur: 6 })],
    `use of buffer 8: dur is 6, but missing ${why}`,
  );
  await refused([...start, use(8, 1, { ctx: 2 })], `use of buffer 8: ctx is 2, but missing ${why}`);
  const file = traceFile([HEADER, ...start, use(8, 1, { dur: 5 })]);
  assertEquals((await readBoTrace("trace", file)).events.at(-1), {
    op: "job",
    t: 0,
    uses: [{ id: 7, write: false }, { id: 8, write: false }],
    durationUs: 5,
  });
});
