import { assertEquals, assertRejects } from "@std/assert";
import type { Difference } from "./fuzz_difference.ts";
import { complaint, Findings } from "./fuzz_findings.ts";
import { compareAll } from "./fuzz_survey.ts";
import type { TraceRequest } from "./recorder/generate.ts";
import { NoAnswer } from "./recorder/line_process.ts";
import { profileOf } from "./recorder/profiles.ts";
import { FakeRecorder } from "./recorder/recorder_testing.ts";

const requests: TraceRequest[] = [1, 2, 3, 4].flatMap((seed) => {
  const profile = profileOf("ttm", seed);
  return profile === undefined ? [] : [{ family: "ttm", seed, profile, operations: 20 }];
});

/** Differs at traces of even seeds. */
const comparer = {
  compare(lines: readonly string[]): Promise<Difference | undefined> {
    const { seed } = JSON.parse(lines[0] ?? "");
    return Promise.resolve(seed % 2 === 0 ? { operation: 3, kind: "odd", detail: "" } : undefined);
  },
};

/** Counts the sessions that are under way, and does not answer to seed 3 beyond ten operations. */
class Watched extends FakeRecorder {
  open = 0;
  mostOpen = 0;

  override async begin(header: Parameters<FakeRecorder["begin"]>[0]): ReturnType<FakeRecorder["begin"]> {
    const { answer, session } = await super.begin(header);
    let count = 0;
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    return {
      answer,
      session: {
        step: async (operation, last) => {
          if (header["seed"] === 3 && ++count > 10) {
            this.open--;
            throw new NoAnswer("asleep");
          }
          if (last) this.open--;
          return await session.step(operation);
        },
      },
    };
  }
}

Deno.test("all seeds are compared in order, also traces that the kernel did not finish", async () => {
  const recorder = new Watched();
  const all = await Array.fromAsync(compareAll(recorder, comparer, requests));
  assertEquals(all.map(({ request }) => request.seed), [1, 2, 3, 4]);
  assertEquals(all.map(({ difference }) => difference?.kind), [undefined, "odd", undefined, "odd"]);
  assertEquals(all.map(({ lines }) => lines.length), [21, 21, 11, 21]);
  assertEquals(all.map(({ unrecorded }) => unrecorded), [undefined, undefined, "asleep", undefined]);
  assertEquals(recorder.mostOpen, 1);
});

Deno.test("an operation that the kernel does not answer counts as a failure of the recorder, never as equal", async () => {
  const findings = new Findings();
  const texts: (string | undefined)[] = [];
  const statuses: number[] = [];
  for await (
    const compared of compareAll(
      new Watched(),
      comparer,
      requests.toSorted((a) => a.seed % 2 === 0 ? 1 : -1),
    )
  ) {
    findings.add(compared);
    texts.push(complaint(compared)?.split("\n")[0]);
    statuses.push(findings.status);
  }
  assertEquals(texts.toSorted(), [
    "ttm seed 2 (p1-prio-align): operation 3: odd",
    "ttm seed 3 (p2-vram-tt-sys): the recorder failed after 10 operations: asleep",
    "ttm seed 4 (p3-recursive): operation 3: odd",
    undefined,
  ]);
  assertEquals(statuses.slice(1), [2, 1, 1]);
  assertEquals([findings.seeds, findings.operations, findings.differing], [4, 70, 2]);
});

Deno.test("a survey that is stopped at a difference leaves the recorder idle", async () => {
  const recorder = new Watched();
  for await (const { difference } of compareAll(recorder, comparer, requests)) if (difference !== undefined) break;
  assertEquals(recorder.open, 0);
});

Deno.test("a comparison that fails ends the survey, after the trace that is being made", async () => {
  const recorder = new Watched();
  const failing = { compare: () => Promise.reject(new Error("broken")) };
  await assertRejects(() => Array.fromAsync(compareAll(recorder, failing, requests)), Error, "broken");
  assertEquals(recorder.open, 0);
});
