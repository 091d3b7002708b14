/**
 * A model that is four times as large as the memory that it may use, by hand and with `@ttm`:
 * `deno task example:layers`, or on Node `npx tsx main.ts`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import process from "node:process";
import { parseArgs } from "node:util";
import { byHand } from "./by_hand.ts";
import { isBuiltIn, NoGpu, openGpu, type Source } from "./gpu.ts";
import { compute, errorOf, makeInput, makeModel, type Model, type Step, storeOf, weightBytes } from "./model.ts";
import { withTtm } from "./with_ttm.ts";

const HELP =
  `Streams the weights of a model through a GPU that holds a part of them, by hand and with @ttm, and compares
the results with those of float64. From a store each matrix is read again when it is needed, so that host memory does
not need to hold the model either.

Usage: deno task example:layers [options]

  --times NUMBER  the weights are so many times as large as the budget [4]
  --steps NUMBER  how often the model runs each way                    [5]
  --gpu SOURCE    built-in: the runtime's own WebGPU; dawn: Dawn, from npm's webgpu
  --help

Exit status: 0 the results are right, 1 they are not, or there is no GPU, 2 wrong arguments.`;

const MiB = 2 ** 20;
/** Room for the vectors and for reading one back. */
const BESIDES = MiB;
const TOLERANCE = 1e-5;

interface Options {
  readonly times: number;
  readonly steps: number;
  readonly source: Source;
}

/** What the arguments ask for; null for help. Throws for others. */
function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== "--"),
    options: {
      times: { type: "string", default: "4" },
      steps: { type: "string", default: "5" },
      gpu: { type: "string", default: isBuiltIn() ? "built-in" : "dawn" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return null;
  const { gpu } = values;
  if (gpu !== "built-in" && gpu !== "dawn") throw new Error(`--gpu ${gpu} is neither built-in nor dawn`);
  return { times: number("times", values.times), steps: number("steps", values.steps), source: gpu };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 24) return value;
  throw new Error(`--${name} ${text} is no whole number from 1 to 24`);
}

/** Runs a model a few times; the shortest time in milliseconds and the largest error. */
async function run(step: Step, model: Model, steps: number): Promise<{ readonly ms: number; readonly error: number }> {
  const input = makeInput(model);
  const expected = compute(model, input);
  let [ms, error] = [Infinity, 0];
  for (let i = 0; i < steps; i++) {
    const before = performance.now();
    const result = await step(input);
    ms = Math.min(ms, performance.now() - before);
    error = Math.max(error, errorOf(result, expected));
  }
  return { ms, error };
}

async function main({ times, steps, source }: Options): Promise<number> {
  const { gpu, name } = await openGpu(source);
  const model = makeModel();
  const budget = Math.ceil(weightBytes(model) / times) + BESIDES;
  const [weights, most] = [weightBytes(model), budget].map((bytes) => `${(bytes / MiB).toFixed(0)} MiB`);
  console.log(`${model.matrices.length} matrices, ${weights} in all, with a budget of ${most}, on ${name}`);
  let isRight = true;
  const store = storeOf(model);
  const ways = [
    ["by hand", () => byHand(gpu, budget, model)],
    ["with @ttm", () => withTtm(gpu, budget, model)],
    ["from a store", () => withTtm(gpu, budget, model, { store })],
  ] as const;
  for (const [title, make] of ways) {
    const { ms, error } = await run(await make(), model, steps);
    console.log(
      `${title.padEnd(12)}  ${ms.toFixed(1).padStart(7)} ms a step, relative error ${error.toExponential(1)}`,
    );
    isRight &&= error < TOLERANCE;
  }
  gpu.destroy();
  return isRight ? 0 : 1;
}

function readArguments(): Options | null | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`Cannot run the example: ${(error as Error).message.replaceAll("\n", " ")}`);
    return undefined;
  }
}

const options = readArguments();
if (options === undefined) process.exitCode = 2;
else if (options === null) console.log(HELP);
else {
  process.exitCode = await main(options).catch((error) => {
    if (!(error instanceof NoGpu)) throw error;
    console.error(`Cannot run the example: ${error.message}`);
    return 1;
  });
}
