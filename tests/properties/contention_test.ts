import { assert } from "@std/assert";
import fc from "fast-check";
import { play, scenario } from "./contention.ts";

const RUNS = 6500;
const OPERATIONS = 200_000;

Deno.test("parties that share buffers, devices and memory get along, and nothing is lost, in 200,000 operations", async () => {
  let operations = 0;
  const property = fc.asyncProperty(scenario, async (scenario) => void (operations += await play(scenario)));
  await fc.assert(property, { numRuns: RUNS });
  assert(operations >= OPERATIONS, `${operations} operations`);
});
