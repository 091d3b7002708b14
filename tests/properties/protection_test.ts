import { assert } from "@std/assert";
import fc from "fast-check";
import { play, scenarios, type Seen } from "./protection.ts";

Deno.test("5 clients, 100,000 operations: no protected byte is ever taken, and nobody is refused what others can give", async () => {
  const seen: Seen = { steps: 0, evictions: 0, lowTaken: 0, refused: 0, due: 0 };
  await fc.assert(fc.asyncProperty(scenarios(500), (scenario) => play(scenario, seen)), { numRuns: 500 });
  const { steps, evictions, lowTaken, refused, due } = seen;
  assert(steps >= 100_000 && evictions > 5000 && lowTaken > 500 && refused > 500 && due > 500, JSON.stringify(seen));
});
