import { assert, assertEquals, assertMatch } from "@std/assert";
import { softwareGpu } from "../../tests/consumer/tools.ts";
import { noAdapter } from "../../tests/apart/adapter.ts";
import { testApart } from "../../tests/apart/apart.ts";
import { missing, testUnless, testWith } from "../../tests/permissions.ts";
import { errorOf } from "./model.ts";

const FOLDER = new URL("./", import.meta.url);
/** A backend that this system does not have, so that there is no adapter. */
const NO_BACKEND = Deno.build.os === "windows" ? "metal" : "dx12";

const obstacle = await noAdapter();
const denied = missing("read", "run", "env");

testApart(obstacle, "layers on a GPU", import.meta.resolve("./testing_layers.ts"));

Deno.test("the error of a result is as large as its largest difference", () => {
  assertEquals(errorOf(new Float32Array([1, 2, -4]), new Float64Array([1, 2, -4])), 0);
  assertEquals(errorOf(new Float32Array([1, 4, -4]), new Float64Array([1, 2, -4])), 0.5);
  assertEquals(errorOf(new Float32Array([NaN, 2]), new Float64Array([1, 2])), NaN);
  assertEquals(errorOf(new Float32Array([1]), new Float64Array([1, 2])), Infinity);
});

/** Lines with code. */
function linesOf(file: string): number {
  const lines = Deno.readTextFileSync(new URL(file, FOLDER)).split("\n");
  return lines.filter((line) => !/^\s*($|\/\/|\/\*\*|\*)/.test(line)).length;
}

testWith(["read"], "layers: fewer lines with @ttm than by hand", () => {
  const [ours, hand] = [linesOf("with_ttm.ts"), linesOf("by_hand.ts")];
  assert(ours < hand, `${ours} lines with @ttm, ${hand} by hand`);
});

/** Runs the command. */
async function example(args: readonly string[], env: Record<string, string>) {
  const granted = ["--allow-read", "--allow-env", "--allow-ffi"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--lock=deno.lock", "--frozen", ...granted, "examples/layers/main.ts", "--steps", "2", ...args],
    cwd: new URL("../../", FOLDER),
    env: { NO_COLOR: "1", ...env },
  }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out ?? "", errors: errors ?? "" };
}

const RESULTS =
  /^24 matrices, 96 MiB in all, with a budget of 25 MiB, on .+\nby hand .+\nwith @ttm .+\nfrom a store .+\n$/;

testUnless(denied ?? obstacle, "example:layers prints all times", async () => {
  const { code, out, errors } = await example([], {});
  assertEquals(code, 0, errors);
  assertMatch(out, RESULTS);
});

testUnless(denied, "example:layers on Dawn prints all times, too", async (t) => {
  const { code, out, errors } = await example(["--gpu", "dawn"], softwareGpu());
  const why = /npm's webgpu cannot be loaded|Dawn finds no adapter/.exec(errors)?.[0];
  if (why !== undefined) return void await t.step({ name: `skipped: ${why}`, ignore: true, fn() {} });
  assertEquals(code, 0, errors);
  assertMatch(out, RESULTS);
});

testUnless(denied, "example:layers without an adapter says what helps, and fails", async () => {
  const { code, out, errors } = await example(["--gpu", "built-in"], { DENO_WEBGPU_BACKEND: NO_BACKEND });
  assertEquals([code, out], [1, ""]);
  assertMatch(errors, /^Cannot run the example: this machine has no adapter for WebGPU\.\n.*\n.*apt-get install/);
});
