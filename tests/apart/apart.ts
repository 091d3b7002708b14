import { assert, assertEquals } from "@std/assert";
import { type Obstacle, testUnless } from "../permissions.ts";
import type { Outcome } from "./cases.ts";

const ROOT = new URL("../../", import.meta.url);
const MAIN = "tests/apart/main.ts";
/** Milliseconds after which a process is ended whose case hangs. */
const LIMIT = 180_000;

/**
 * Registers a test whose steps are the cases of a module, which run in a process of their own, in its main thread.
 *
 * Tests that use a GPU need it: the runner has a thread for each module, some libraries of OpenGL free the memory of
 * those threads when the process ends, and the threads do the same at the same moment.
 *
 * @param module Exports `name`, a function that registers the cases.
 */
export function testApart(obstacle: Obstacle, title: string, module: string, name = "cases"): void {
  testUnless(obstacle, title, async (t) => {
    const outcomes = await run(module, name);
    assert(outcomes.length > 0, "no case has run");
    for (const { name, failure } of outcomes) {
      await t.step(name, () => assertEquals(failure, null, failure ?? ""));
    }
  });
}

async function run(module: string, name: string): Promise<readonly Outcome[]> {
  const args = ["run", "--lock=deno.lock", "--frozen", "--no-check", "--allow-read", "--allow-env", MAIN, module, name];
  const signal = AbortSignal.timeout(LIMIT);
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, signal }).output();
  const [out = "", errors = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const outcomes: Outcome[] = out.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  const last = outcomes.at(-1)?.name ?? "none";
  assertEquals(code, 0, `the process of the cases ended with ${code}, the last case that ended is: ${last}\n${errors}`);
  return outcomes;
}
