import { assertEquals, assertRejects } from "@std/assert";
import { testWith } from "../permissions.ts";
import { ReplayProcess } from "./fuzz_replay.ts";
import { readLines } from "./recorder/trace_files.ts";
import { TraceError } from "./trace.ts";

const PERMISSIONS = ["run", "read"] as const;
const HEADER = '{"hdr":1,"kind":"ttm","vram":8,"tt":0,"evict":0,"hop":0}';
const TICKETS = new URL("./traces/ttmt-seed-1.jsonl.gz", import.meta.url);
const TRACE = new URL("./traces/ttm-seed-1.jsonl.gz", import.meta.url);

/** A replayer that does `symptom` when the trace has an operation `bad`, and finds a difference at one called `odd`. */
function replayerWith(symptom: string): ReplayProcess {
  const program = `
    import process from "node:process";
    import { createInterface } from "node:readline";
    for await (const line of createInterface({ input: process.stdin })) {
      const lines = JSON.parse(line);
      if (lines.some((line) => line.includes('"bad"'))) { ${symptom} }
      const at = lines.findIndex((line) => line.includes('"odd"'));
      const first = { operation: at - 1, expected: { ret: 0 }, found: { ret: 1 } };
      console.log(JSON.stringify(at < 0 ? {} : { first }));
    }`;
  return new ReplayProcess([Deno.execPath(), "eval", program]);
}

const operations = (...names: string[]) => [HEADER, ...names.map((op, i) => JSON.stringify({ i, op }))];

testWith(PERMISSIONS, "a trace that the core reproduces has no difference, and a changed one has", async () => {
  await using replayer = new ReplayProcess();
  const lines = await readLines(TRACE);
  assertEquals(await replayer.compare(lines), undefined);
  const changed = lines.with(7, (lines[7] ?? "").replace('"moved":3', '"moved":4'));
  assertEquals(await replayer.compare(changed), {
    operation: 6,
    kind: "validate: moved",
    detail: "moved: 4 in the kernel, 3 here",
  });
});

testWith(PERMISSIONS, "a trace that cannot be replayed does not count as a difference", async () => {
  await using replayer = new ReplayProcess();
  await assertRejects(() => replayer.compare(['{"hdr":1,"kind":"slab"}']), TraceError, "no traces of kind");
});

testWith(PERMISSIONS, "a replay that never ends differs at the operation that hangs", async () => {
  await using replayer = replayerWith("for (;;);");
  const lines = operations("touch", "touch", "touch", "bad", "touch");
  const { kind, operation } = await replayer.compare(lines) ?? {};
  assertEquals([operation, kind], [3, "bad: no answer in time"]);
  assertEquals(await replayer.compare(operations("touch")), undefined);
});

testWith(PERMISSIONS, "a replayer that crashes differs at the operation that crashes it", async () => {
  await using replayer = replayerWith("process.exit(3);");
  const { kind, operation } = await replayer.compare(operations("bad", "touch")) ?? {};
  assertEquals([operation, kind], [0, "bad: the process ended"]);
});

testWith(PERMISSIONS, "a difference before an endless loop is reported instead of the loop", async () => {
  await using replayer = replayerWith("for (;;);");
  const { kind, operation } = await replayer.compare(operations("touch", "odd", "touch", "bad", "touch")) ?? {};
  assertEquals([operation, kind], [1, "odd: ret 0 in the kernel, a count here"]);
});

/** A trace of tickets up to a lock without a ticket, for which an exec then waits: nobody will ever give it back. */
async function endlessWait(): Promise<string[]> {
  const lines = (await readLines(TICKETS)).slice(0, 21);
  const last = JSON.parse(lines.at(-1) ?? "");
  const init = { ...last, i: 20, op: "exec_init", c: 3, flags: 0, ret: 0, ex: [[3, [], -1, -1]] };
  const cleanup = { ...init, i: 21, op: "exec_cleanup", ret: 1, acq: [...last.acq, [3, 0]] };
  const lock = { ...cleanup, i: 22, op: "exec_lock", bo: last.bo, sig: 0, ret: 0 };
  return [...lines, ...[init, cleanup, lock].map((line) => JSON.stringify(line))];
}

testWith(PERMISSIONS, "a replay that waits for ever is reported, and the next one works", async () => {
  await using replayer = new ReplayProcess();
  const lines = await endlessWait();
  assertEquals(await replayer.compare(lines.slice(0, -1)), undefined);
  const { kind, operation } = await replayer.compare(lines) ?? {};
  assertEquals([operation, kind], [22, "exec_lock: throws It waits for ever: nothing is left to happen"]);
  assertEquals(await replayer.compare(await readLines(TRACE)), undefined);
});
