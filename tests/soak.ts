/**
 * Random use of devices for as long as one likes: `deno task soak -- --ops 20000000 --seed 1`. Prints what it has done;
 * ends with exit code 1, the seed and the smallest case when something is lost or an invariant breaks.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import fc from "fast-check";
import { runCommand, wholeNumber } from "./command.ts";
import { play, scenario } from "./properties/contention.ts";

const RUNS_AT_ONCE = 2000;

await runCommand({
  help: `Uses devices at random, several parties at once, and compares contents and invariants on the way.

Usage: deno task soak [options]

  --ops NUMBER   how many operations at least   [1000000]
  --seed NUMBER  where to begin                 [1]
  --help

Exit status: 0 nothing was lost, 1 something was (with the seed and the smallest case), 2 wrong arguments.`,
  options: { ops: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
  async run(values) {
    const wanted = wholeNumber("ops", values.ops, 1);
    let operations = 0;
    const property = fc.asyncProperty(scenario, async (scenario) => {
      operations += await play(scenario);
    });
    for (let seed = wholeNumber("seed", values.seed, 0); operations < wanted; seed++) {
      await fc.assert(property, { numRuns: RUNS_AT_ONCE, seed });
      console.log(`seed ${seed}: ${operations.toLocaleString("en")} operations, nothing lost`);
    }
    return 0;
  },
});
