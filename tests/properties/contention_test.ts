import { assert } from "@std/assert";
import fc from "fast-check";
import { play, scenario } from "./contention.ts";

const RUNS = 6500;
const OPERATIONS = 200_000;

Deno.test("200,000 random operations of parties that share buffers, devices and memory end without a deadlock or lost contents", async () => {
  let operations = 0;
  const property = fc.asyncProperty(scenario, async (scenario) => void (operations += await play(scenario)));
  await fc.assert(property, { numRuns: RUNS });
  assert(operations >= OPERATIONS, `${operations} operations`);
});
