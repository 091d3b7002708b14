import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { play, scenario } from "./hints.ts";

Deno.test("hints, right or wrong, lose nothing, move nobody who is reserved or pinned, and fail no submission", async () => {
  let [early, done, failed] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(scenario, async (scenario) => {
      const [hinted, plain] = [await play(scenario, true), await play(scenario, false)];
      assertEquals(hinted.ends, plain.ends);
      assertEquals(plain.early, 0);
      early += hinted.early;
      for (const end of plain.ends) end === "done" ? done++ : failed++;
    }),
    { numRuns: 300 },
  );
  assert(early > 500 && done > 1000 && failed > 10, `${early} early moves, ${done} submissions, ${failed} refused`);
});
