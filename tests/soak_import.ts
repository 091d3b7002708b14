/**
 * Damaged recordings of every format: `deno task soak:import -- --mutations 100000`. Ends with exit code 1 when one is
 * neither read nor refused with a code and a position, or changes a prototype.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { importMutations, prototypes } from "../import/testing_mutations.ts";
import { RECORDINGS } from "../import/testing_recordings.ts";
import { randomNumbers } from "../replay/workloads/random.ts";
import { runCommand, wholeNumber } from "./command.ts";

await runCommand({
  help: `Damages a recording of each format at random and imports it, and prints how many were read and refused.

Usage: deno task soak:import [options]

  --mutations NUMBER   damaged files of each format [100000]
  --seed NUMBER        of the first one             [1]
  --help

Exit status: 0 each was read or refused with a code and a position, 1 one was not, 2 wrong arguments.`,
  options: {
    mutations: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
  },
  async run(values) {
    const mutations = wholeNumber("mutations", values.mutations, 1);
    const seed = wholeNumber("seed", values.seed, 0);
    const before = prototypes();
    for (const [name, file] of Object.entries(RECORDINGS)) {
      const startedAt = performance.now();
      const { read, refused } = await importMutations(name, file, randomNumbers, seed, mutations);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      const heap = Math.round(Deno.memoryUsage().heapUsed / 2 ** 20);
      console.log(`${name}: ${read} read, ${refused} refused, in ${seconds} s, heap ${heap} MiB at the end`);
    }
    if (prototypes() === before) return 0;
    console.error("a prototype has changed");
    return 1;
  },
});
