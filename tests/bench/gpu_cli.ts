/**
 * A model whose weights do not fit, by hand and with `@ttm/webgpu`: `deno task bench:webgpu`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { lookahead } from "@ttm/policies";
import { NoGpu, openGpu } from "../../examples/layers/gpu.ts";
import { makeModel } from "../../examples/layers/model.ts";
import { choose, policies } from "../../replay/parts.ts";
import { runCommand, UsageError, wholeNumber } from "../command.ts";
import { compare, type GpuComparison } from "./gpu_rounds.ts";

const TIMES = [1, 2, 4, 16];
const COLUMNS = ["times", "budget", "by hand", "ours", "ratio", "floor", "up by hand", "up", "waits", "held at most"];

await runCommand({
  help: `Runs a model of 96 MiB by hand (a ring of buffers) and with @ttm/webgpu by turns, with budgets that the weights
are 1, 2, 4 and 16 times as large as. Every result is compared with that of float64. The floor is what the ratio would
be if nothing had to go up.

Usage: deno task bench:webgpu [options]

  --gpu SOURCE     built-in: the runtime's own WebGPU; dawn: Dawn, from npm's webgpu [built-in]
  --policy NAME    the eviction policy of @ttm, one of those of a replay             [lru]
  --hints          the program tells @ttm which matrices come next, and the policy looks ahead
  --rounds NUMBER  how many steps of each are measured                               [25]
  --json           print one JSON object
  --help

Exit status: 0 done, 1 a result was wrong, or there is no GPU, 2 wrong arguments.`,
  options: {
    gpu: { type: "string", default: "built-in" },
    policy: { type: "string", default: "lru" },
    hints: { type: "boolean" },
    rounds: { type: "string", default: "25" },
    json: { type: "boolean" },
  },
  async run({ gpu: source, policy: chosen, hints = false, rounds: text, json = false }) {
    const rounds = wholeNumber("rounds", text, 1);
    if (source !== "built-in" && source !== "dawn") {
      throw new UsageError(`Cannot use --gpu ${JSON.stringify(source)}: give built-in or dawn`);
    }
    const make = choose("policy", policies, chosen);
    const policy = () => hints ? lookahead(make()) : make();
    try {
      const { gpu, name } = await openGpu(source);
      gpu.destroy();
      const model = makeModel();
      const sizes: GpuComparison[] = [];
      if (!json) console.log(`Deno ${Deno.version.deno}, ${name}; a step in the quickest round\n${row(COLUMNS)}`);
      for (const times of TIMES) {
        sizes.push(
          await compare({ model, times, rounds, policy, hints, open: async () => (await openGpu(source)).gpu }),
        );
        if (!json) console.log(lineOf(sizes.at(-1) as GpuComparison));
      }
      if (json) {
        const runtime = `Deno ${Deno.version.deno}`;
        console.log(JSON.stringify({ runtime, source, adapter: name, policy: chosen, hints, sizes }));
      }
      return 0;
    } catch (error) {
      if (!(error instanceof NoGpu)) throw error;
      console.error(`Cannot compare: ${error.message}`);
      return 1;
    }
  },
});

function lineOf(figures: GpuComparison): string {
  const { times, budget, hand, ours, ratio, floor, bytesUpHand, bytesUpOurs, waits, highestBytes } = figures;
  const [most, upByHand, up, held] = [budget, bytesUpHand, bytesUpOurs, highestBytes].map(mebibytes);
  const both = [hand, ours].map((ms) => `${ms.toFixed(1)} ms`);
  return row([`${times}`, most, ...both, ratio.toFixed(3), floor.toFixed(3), upByHand, up, `${waits}`, held]);
}

function row(cells: readonly (string | undefined)[]): string {
  return cells.map((cell = "") => cell.padStart(13)).join("");
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
