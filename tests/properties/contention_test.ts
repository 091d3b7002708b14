import fc from "fast-check";
import { play, scenario } from "./contention.ts";

const RUNS = 4000;

Deno.test("parties that share buffers, devices and memory get along, and nothing is lost", async () => {
  await fc.assert(fc.asyncProperty(scenario, async (scenario) => void await play(scenario)), { numRuns: RUNS });
});
