/**
 * Random use of devices for as long as one likes: `deno task soak -- --ops 20000000 --seed 1`. Prints what it has done;
 * ends with exit code 1, the seed and the smallest case when something is lost or an invariant breaks.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { parseArgs } from "node:util";
import fc from "fast-check";
import { play, scenario } from "./properties/contention.ts";

const RUNS_AT_ONCE = 2000;

const { values } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: { ops: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
});
const [wanted, firstSeed] = [Number(values.ops), Number(values.seed)];
if (!Number.isSafeInteger(wanted) || wanted < 1 || !Number.isSafeInteger(firstSeed)) {
  console.error("Usage: deno task soak -- --ops NUMBER [--seed NUMBER]");
  Deno.exit(2);
}

let operations = 0;
const property = fc.asyncProperty(scenario, async (scenario) => {
  operations += await play(scenario);
});
for (let seed = firstSeed; operations < wanted; seed++) {
  await fc.assert(property, { numRuns: RUNS_AT_ONCE, seed });
  console.log(`seed ${seed}: ${operations.toLocaleString("en")} operations, nothing lost`);
}
