import { assert } from "@std/assert";
import fc from "fast-check";
import { play, type Scenario, scenario } from "./submissions.ts";

const RUNS = 3000;

const submission = { do: "submit", workMs: 0, ends: "fence", patienceMs: -1, noWait: false } as const;
const read = (...ats: number[]) => ats.map((at) => ({ at, usage: "read", to: "vram" } as const));

/** A victim that is not ready splits the room of a submission that must not wait. */
const SPLIT: Scenario = {
  driver: "immediate",
  pages: [1, 1, 3, 1, 1, 4, 1, 1],
  parties: [[
    { ...submission, picks: read(3, 0), patienceMs: 0 },
    { ...submission, picks: read(0), ends: "promise" },
    { ...submission, picks: read(2, 5), noWait: true },
  ]],
  flaws: ["none", "none", 1, 1, "none", "none"],
};

Deno.test("submissions leave nothing reserved or fenced however they end, and come in the order of their calls", async () => {
  let works = 0;
  const property = fc.asyncProperty(scenario, async (scenario) => void (works += await play(scenario)));
  await fc.assert(property, { numRuns: RUNS, examples: [[SPLIT]] });
  assert(works >= RUNS, `${works} submissions came to their work`);
});
