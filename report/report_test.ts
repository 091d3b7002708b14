import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TtmError } from "@ttm/core";
import type { RecordEvent } from "@ttm/explain";
import { bounded } from "./bounded.ts";
import { stayStory } from "./look/story.ts";
import { reduce } from "./reduce/reduce.ts";
import { type Packed, unpack } from "./pack.ts";
import { SCRIPT, SCRIPT_HASH, STYLE, STYLE_HASH } from "./page_asset.ts";
import { toBase64 } from "./base64.ts";
import { report } from "./report.ts";
import type { ReportedRecord, Run } from "./run.ts";
import { makeRecord } from "./testing_records.ts";

/** The runs in a page. */
async function runsOf(html: string): Promise<Run[]> {
  const [, data = ""] = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html) ?? [];
  return await unpack(JSON.parse(data) as Packed) as Run[];
}

const hashOf = async (text: string) => {
  return `sha256-${toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))))}`;
};

Deno.test("the page forbids itself every request, and runs no script but its own", async () => {
  const html = await report([makeRecord()]);
  assertMatch(html, /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/);
  assertEquals([await hashOf(SCRIPT), await hashOf(STYLE)], [SCRIPT_HASH, STYLE_HASH]);
  for (const hash of [SCRIPT_HASH, STYLE_HASH]) assert(html.includes(`'${hash}'`));
  assertEquals(/\b(src|href)=/.test(html.replace(SCRIPT, "")), false);
});

Deno.test("texts of a record cannot end the data", async () => {
  const record = makeRecord({ run: "</script><script>alert(1)</script><!--" });
  const html = await report([record]);
  assertEquals(html.split("</script>").length - 1, 2, "data and script end once each");
  const [run] = await runsOf(html);
  assertEquals(run?.name, record.header.run);
  assert(run?.texts.includes("</script>"));
});

Deno.test("a small record is in the page as a whole, several with their names", async () => {
  const [a, b] = await runsOf(await report([makeRecord({ run: "a" }), makeRecord({ run: "b", seed: 2, events: 500 })]));
  assertEquals([a?.name, a?.totals.events, b?.name, b?.totals.events], ["a", 2000, "b", 500]);
  assertEquals([a?.stays.from.length, a?.notes], [a?.totals.stays, []]);
});

/** Many short stays. */
function many(count: number): ReportedRecord {
  return { header: makeRecord().header, events: shortStays(count) };
}

function* shortStays(count: number): Generator<RecordEvent, void> {
  for (let buffer = 0; buffer < count; buffer++) {
    const time = buffer;
    const pages = 1 + buffer % 7;
    yield { kind: "create", time, buffer, label: `b${buffer % 1000}`, tag: "", client: "", size: pages * 4096, pages };
    const to = { memoryType: "vram", start: buffer % 200 };
    yield {
      ...{ kind: "move", time, buffer, from: null, to, dropped: false, failure: null, end: time, operation: 0 },
      eviction: null,
    };
    yield { kind: "use", time, buffer };
    yield { kind: "destroy", time: time + 0.5, buffer };
  }
}

Deno.test("of many events a page has what its pixels show, and figures of all of them", () => {
  const whole = reduce(many(3000));
  const run = bounded(whole, 2000);
  assertEquals([run.totals, run.used, run.flows], [whole.totals, whole.used, whole.flows]);
  assertEquals([run.stays.from.length, run.buffers.id.length, run.touches.time.length <= 2000], [2000, 2000, true]);
  assertEquals(run.notes, ["The 1,000 smallest rectangles are left out of this file; the figures count them."]);
  assert(run.stays.buffer.every((buffer) => (run.buffers.pages[buffer] as number) > 2), "the largest are kept");
  assertEquals([...run.stays.buffer].map((buffer) => run.buffers.created[buffer]), [...run.stays.from]);
});

Deno.test("what is left out leaves the reasons of all others as they were", () => {
  const whole = reduce(makeRecord({ events: 8000 }));
  const run = bounded(whole, 300);
  assertEquals(run.stays.from.length, 300);
  const found = new Map([...whole.stays.order].map((order, stay) => [order, stay]));
  for (const [stay, order] of run.stays.order.entries()) {
    assertEquals(stayStory(run, stay), stayStory(whole, found.get(order) ?? -1));
  }
  const [use] = run.touches.time.slice(-1);
  assertEquals([run.touches.time.length <= 300, use], [true, whole.touches.time.at(-1)]);
  assertEquals(run.failures.map(({ message }) => message), whole.failures.map(({ message }) => message));
});

Deno.test("records that are no array are refused", async () => {
  const error = await assertRejects(() => report({} as never), TtmError);
  assertEquals(error.code, "EINVAL");
  assert(error.message.includes("Cannot write a report: records must be an array"));
});
