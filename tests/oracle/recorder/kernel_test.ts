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

testUnless(obstacle, "the recorder reproduces all traces of this repository, byte for byte, in one boot", async () => {
  await using kernel = new Kernel(file ?? "");
  for (const folder of [TRACES, new URL("small/", TRACES)]) {
    for (const { isFile, name } of Deno.readDirSync(folder)) {
      if (isFile) assertEquals(await recordAgain(kernel, await readLines(new URL(name, folder))), undefined, name);
    }
  }
});

testUnless(obstacle, "the recorder frees the memory of swapped-out pages, however many there were", async () => {
  await using kernel = new Kernel(file ?? "");
  const rounds = Array.from({ length: 25 }, () => ['{"op":"populate","bo":0}', '{"op":"swapout_dev","dev":0}']).flat();
  const create = '{"op":"create","bo":0,"pages":8000,"pl":[[0,0,0,0]]}';
  const header = '{"hdr":1,"kind":"ttms","vram":4,"ndev":1}';
  const lines = await Array.fromAsync(recordScript(kernel, [header, create, ...rounds]));
  assertEquals(lines.length, 2 + rounds.length);
});

testUnless(obstacle, "a changed line is found when its trace is recorded again", async () => {
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

Deno.test("impossible operations of a script are left out of its trace, and not counted", async () => {
  const script = ['{"hdr":1,"kind":"ttm"}', '{"op":"create","bo":0}', '{"op":"pin","bo":7}', "", '{"op":"pin","bo":0}'];
  const lines = (await Array.fromAsync(recordScript(new FakeRecorder(), script))).map((line) => JSON.parse(line));
  assertEquals(lines.map(({ bo, i, op }) => [i, op, bo]), [
    [undefined, undefined, undefined],
    [0, "create", 0],
    [1, "pin", 0],
  ]);
});
