/**
 * Parties that want VRAM at the same time: `deno task soak:submit -- --parties 3,16 --submissions 10000`. Ends with exit
 * code 1 when one of them gets ENOMEM or starves.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { runCommand, wholeNumber } from "./command.ts";
import { compete } from "./properties/competition.ts";

await runCommand({
  help: `Lets parties that use 60 % of VRAM each submit jobs on radeon-sim, and counts how long they wait.

Usage: deno task soak:submit [options]

  --parties LIST         how many parties, one run each   [3,16]
  --submissions NUMBER   how many jobs each party submits [10000]
  --help

Exit status: 0 nobody starved, 1 somebody got ENOMEM or starved, 2 wrong arguments.`,
  options: {
    parties: { type: "string", default: "3,16" },
    submissions: { type: "string", default: "10000" },
  },
  async run(values) {
    const submissions = wholeNumber("submissions", values.submissions, 1);
    const lists = values.parties.split(",").map((text) => wholeNumber("parties", text, 1));
    let failed = false;
    for (const parties of lists) {
      for (const waits of [false, true]) {
        const startedAt = performance.now();
        const result = await compete({ parties, submissions, waits });
        const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
        console.log(
          `${parties} parties, evictions ${waits ? "waited for" : "pipelined"}, in ${seconds} s: ${
            JSON.stringify(result)
          }`,
        );
        failed ||= result.outOfMemory > 0 || result.mostTurnsOfOthers >= parties;
      }
    }
    return failed ? 1 : 0;
  },
});
