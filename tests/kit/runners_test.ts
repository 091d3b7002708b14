import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missing, type Obstacle, testUnless } from "../permissions.ts";
import { registerBroken, registerGood } from "./testing_runner_cases.ts";

interface Outcome {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(cwd: string | URL, program: string, ...args: string[]): Promise<Outcome> {
  const { success, stdout, stderr } = await new Deno.Command(program, { cwd, args, stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

/** Bundles the sources that the cases need into one JavaScript file, and writes a test file for a runner beside it. */
async function bundle(directory: string, runner: string): Promise<Outcome> {
  for (const call of ["registerGood", "registerBroken"]) {
    const lines = [`import { test } from "${runner}";`, `import { ${call} } from "./cases.mjs";`, `${call}(test);`];
    await writeFile(join(directory, `${call}.test.mjs`), lines.join("\n"));
  }
  const args = ["--quiet", "--platform=deno", `--output=${join(directory, "cases.mjs")}`];
  const cases = new URL("./testing_runner_cases.ts", import.meta.url).pathname;
  return await run(new URL("../..", import.meta.url), Deno.execPath(), "bundle", ...args, cases);
}

function count(register: typeof registerGood): number {
  let cases = 0;
  register(() => cases++);
  return cases;
}

/** The output of a runner for a test file. */
interface Summary {
  readonly success: boolean;
  readonly passed: number;
  readonly failed: number;
}

/** All cases of correct parts must pass; some cases of broken parts must fail, and with them the run. */
async function checkRunner(runFile: (file: string) => Promise<Summary>): Promise<void> {
  const good = await runFile("registerGood.test.mjs");
  assertEquals(good, { success: true, passed: count(registerGood), failed: 0 });
  const { success, passed, failed } = await runFile("registerBroken.test.mjs");
  assertEquals([success, passed + failed], [false, count(registerBroken)]);
  assert(failed > 20, `only ${failed} cases failed`);
}

/** Registers a test of a runner, which is skipped if its requirements are missing. */
function runnerTest(
  runner: string,
  prepare: (directory: string) => Promise<Outcome>,
  runFile: (directory: string, file: string) => Promise<Summary>,
): void {
  testUnless(withoutNode(), `the suites run under ${runner}, and fail there when a part is broken`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), "ttm-test-"));
    try {
      for (const { success, stderr } of [await bundle(directory, runner), await prepare(directory)]) {
        const isOffline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|dns error|error sending request/.test(stderr);
        if (!isOffline) assert(success, stderr);
        else return void await t.step({ name: "skipped: what it needs cannot be had", ignore: true, fn() {} });
      }
      await checkRunner((file) => runFile(directory, file));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
}

function withoutNode(): Obstacle {
  const obstacle = missing("read", "write", "env", "run");
  if (obstacle !== undefined) return obstacle;
  try {
    const { stdout } = new Deno.Command("node", { args: ["--version"] }).outputSync();
    const [, major] = /^v(\d+)\./.exec(new TextDecoder().decode(stdout)) ?? [];
    if (Number(major) >= 20) return undefined;
  } catch {
    // Node is not installed.
  }
  return "needs Node 20 or newer";
}

const nothing: Outcome = { success: true, stdout: "", stderr: "" };
runnerTest("node:test", () => Promise.resolve(nothing), async (directory, file) => {
  const { success, stdout } = await run(directory, "node", "--test", "--test-reporter=tap", file);
  const told = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(stdout)?.[1]);
  return { success, passed: told("pass"), failed: told("fail") };
});

const INSTALL = ["install", "--prefer-offline", "--fetch-retries=0", "--no-audit", "--no-fund", "--prefix=."];
runnerTest("vitest", (directory) => run(directory, "npm", ...INSTALL, "vitest@3"), async (directory, file) => {
  const { success, stdout } = await run(
    directory,
    "node",
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=json",
    file,
  );
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(stdout);
  return { success, passed, failed };
});
