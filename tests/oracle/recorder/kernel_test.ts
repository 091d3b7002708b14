import { assert, assertEquals } from "@std/assert";
import { missing, type Obstacle, testUnless } from "../../permissions.ts";
import { generate } from "./generate.ts";
import { findKernel, Kernel, recordScript } from "./kernel.ts";
import { profileOf, PROFILES } from "./profiles.ts";
import { FakeRecorder } from "./recorder_testing.ts";
import { readLines, recordAgain } from "./trace_files.ts";

const TRACES = new URL("../traces/", import.meta.url);
const permission = missing("run", "read", "env");
const file = permission === undefined ? findKernel() : undefined;
const obstacle: Obstacle = permission ??
  (file === undefined ? "needs the kernel of deno task oracle:build" : undefined);

testUnless(obstacle, "the recorder gives all traces of this repository again, byte for byte, in one boot", async () => {
  await using kernel = new Kernel(file ?? "");
  for (const folder of [TRACES, new URL("small/", TRACES)]) {
    for (const { isFile, name } of Deno.readDirSync(folder)) {
      if (isFile) assertEquals(await recordAgain(kernel, await readLines(new URL(name, folder))), undefined, name);
    }
  }
});

testUnless(obstacle, "a line that was changed is found when its trace is recorded again", async () => {
  await using kernel = new Kernel(file ?? "");
  const lines = await readLines(new URL("ttm-seed-1.jsonl.gz", TRACES));
  const changed = (lines[7] ?? "").replace('"moved":3', '"moved":4');
  const mismatch = await recordAgain(kernel, lines.with(7, changed));
  assertEquals(mismatch, { number: 8, recorded: changed, again: lines[7] });
});

testUnless(obstacle, "a seed gives the same trace in every boot, whatever was recorded before it", async () => {
  for (const family of Object.keys(PROFILES)) {
    const profile = profileOf(family, 2);
    assert(profile !== undefined);
    const request = { family, seed: 2, profile, operations: 60 };
    await using one = new Kernel(file ?? "");
    await using other = new Kernel(file ?? "");
    await Array.fromAsync(generate(other, { ...request, seed: 5 }));
    const lines = await Array.fromAsync(generate(one, request));
    assertEquals(lines.length, 61);
    assertEquals(await Array.fromAsync(generate(other, request)), lines);
  }
});

Deno.test("what cannot be done is left out of the trace of a script, and not counted", async () => {
  const script = ['{"hdr":1,"kind":"ttm"}', '{"op":"create","bo":0}', '{"op":"pin","bo":7}', "", '{"op":"pin","bo":0}'];
  const lines = (await Array.fromAsync(recordScript(new FakeRecorder(), script))).map((line) => JSON.parse(line));
  assertEquals(lines.map(({ bo, i, op }) => [i, op, bo]), [
    [undefined, undefined, undefined],
    [0, "create", 0],
    [1, "pin", 0],
  ]);
});
