import { assert } from "@std/assert";
import fc from "fast-check";
import { play, scenario } from "./submissions.ts";

const RUNS = 3000;

Deno.test("submissions leave nothing reserved or fenced however they end, and come in the order of their calls", async () => {
  let works = 0;
  const property = fc.asyncProperty(scenario, async (scenario) => void (works += await play(scenario)));
  await fc.assert(property, { numRuns: RUNS });
  assert(works >= RUNS, `${works} submissions came to their work`);
});
