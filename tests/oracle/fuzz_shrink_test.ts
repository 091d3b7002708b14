import { assertEquals } from "@std/assert";
import type { Comparer } from "./fuzz_replay.ts";
import { shrink } from "./fuzz_shrink.ts";
import { generate } from "./recorder/generate.ts";
import { recordScript } from "./recorder/kernel.ts";
import { NoAnswer } from "./recorder/line_process.ts";
import type { Operation } from "./recorder/operations.ts";
import { profileOf } from "./recorder/profiles.ts";
import { FakeRecorder } from "./recorder/recorder_testing.ts";
import { TraceError } from "./trace.ts";

const HEADER = { hdr: 1, kind: "ttmf", seed: 0, profile: "by hand", vram: 64, tt: 16, fences: 1, ndev: 2, pipeline: 1 };
const VRAM = [2, 0, 0, 0] as const;

/** A core that differs from the kernel at the first operation for which the test is true, with those before it. */
function differingAt(test: (operation: Operation, before: readonly Operation[]) => boolean): Comparer {
  return {
    compare(lines) {
      const operations: Operation[] = lines.slice(1).map((line) => JSON.parse(line));
      const at = operations.findIndex((operation, at) => test(operation, operations.slice(0, at)));
      const { op = "" } = operations[at] ?? {};
      return Promise.resolve(at < 0 ? undefined : { operation: at, kind: `${op} differs`, detail: "" });
    },
  };
}

async function shrunkOf(operations: readonly Operation[], comparer: Comparer): Promise<Operation[] | undefined> {
  const recorder = new FakeRecorder();
  const script = [HEADER, ...operations].map((line) => JSON.stringify(line));
  const lines = await Array.fromAsync(recordScript(recorder, script));
  return (await shrink(recorder, comparer, lines))?.lines.map((line) => JSON.parse(line));
}

Deno.test("a script shrinks to the operations that are needed for the difference", async () => {
  const profile = profileOf("ttm", 1);
  const recorder = new FakeRecorder();
  const request = { family: "ttm", seed: 1, profile: profile as NonNullable<typeof profile>, operations: 400 };
  const lines = await Array.fromAsync(generate(recorder, request));
  const comparer = differingAt(({ bo, op }, before) =>
    op === "unref" && before.some((other) => other.op === "pin" && other.bo === bo)
  );
  const shrunk = (await shrink(recorder, comparer, lines))?.lines.map((line) => JSON.parse(line)) ?? [];
  assertEquals(shrunk.map(({ op }) => op), [undefined, "create", "pin", "unref"]);
  assertEquals(shrunk[0].ops, 3);
  assertEquals(shrunk.slice(1).map(({ i }) => i), [0, 1, 2]);
  assertEquals(new Set(shrunk.slice(1).map(({ bo }) => bo)).size, 1);
});

Deno.test("a shrunk script becomes simpler: fewer pages and places, no flags, one device", async () => {
  const shrunk = await shrunkOf([
    { op: "create", bo: 0, dev: 0, pages: 9, prio: 3, nw: 1, pl: [[2, 1, 9, 3], [0, 0, 0, 0]] },
    { op: "validate", bo: 0, nw: 1, cd: 1, pl: [[1, 0, 0, 0], VRAM], held: [0] },
  ], differingAt(({ op, pl = [] }) => op === "validate" && pl.some(([memory]) => memory === 2)));
  const [header, create, validate] = shrunk ?? [];
  assertEquals(header, { ...HEADER, ndev: 1, pipeline: 0, ops: 2 } as unknown as Operation);
  assertEquals([create?.pages, create?.prio, create?.nw, create?.pl], [1, 0, 0, [[0, 0, 0, 0]]]);
  assertEquals([validate?.nw, validate?.cd, validate?.pl, validate?.held], [0, 0, [VRAM], []]);
});

Deno.test("fences are renumbered when earlier ones are removed", async () => {
  const shrunk = await shrunkOf([
    { op: "create", bo: 0, pages: 1, pl: [VRAM] },
    { op: "addfence", bo: 0, f: 0, tl: 1, usage: 1 },
    { op: "addfence", bo: 0, f: 1, tl: 2, usage: 1 },
    { op: "addfence", bo: 0, f: 2, tl: 3, usage: 1 },
    { op: "signal", f: 2 },
  ], differingAt(({ f, op }, before) => op === "signal" && before.some((each) => each.f === f && each.tl === 3)));
  assertEquals(shrunk?.slice(1).map(({ f, op }) => [op, f]), [["create", undefined], ["addfence", 0], ["signal", 0]]);
});

Deno.test("a removed buffer is also removed from the held lists of other operations", async () => {
  const differing = differingAt(({ held = [] }) => held.includes(2) && held.includes(3));
  const shrunk = await shrunkOf([
    ...[0, 1, 2, 3].map((bo): Operation => ({ op: "create", bo, pages: 1, pl: [VRAM] })),
    { op: "validate", bo: 0, pl: [VRAM], held: [1, 2, 3] },
  ], {
    compare(lines) {
      const operations: Operation[] = lines.slice(1).map((line) => JSON.parse(line));
      const created = operations.filter(({ op }) => op === "create").map(({ bo }) => bo);
      const isWrong = operations.some(({ held = [] }) => held.some((bo) => !created.includes(bo)));
      return isWrong ? Promise.reject(new TraceError("no such buffer", 2)) : differing.compare(lines);
    },
  });
  assertEquals(shrunk?.slice(1).map(({ bo, op }) => [op, bo]), [
    ["create", 0],
    ["create", 2],
    ["create", 3],
    ["validate", 0],
  ]);
  assertEquals(shrunk?.at(-1)?.held, [2, 3]);
});

Deno.test("shrinking keeps only the original difference", async () => {
  const comparer = differingAt(({ op }, before) =>
    op === "touch" && before.every((other) => other.op !== "pin") ||
    op === "unref" && before.some((other) => other.op === "touch")
  );
  const shrunk = await shrunkOf([
    { op: "create", bo: 0, pages: 1, pl: [VRAM] },
    { op: "pin", bo: 0 },
    { op: "touch", bo: 0 },
    { op: "unref", bo: 0 },
  ], comparer);
  assertEquals(shrunk?.slice(1).map(({ op }) => op), ["create", "pin", "touch", "unref"]);
});

Deno.test("a script that crashes the kernel is skipped", async () => {
  class Fragile extends FakeRecorder {
    override async begin(header: Parameters<FakeRecorder["begin"]>[0]): ReturnType<FakeRecorder["begin"]> {
      const { answer, session } = await super.begin(header);
      const step = (operation: Operation) => {
        if (operation.op === "touch" && !this.asked.some(({ op }) => op === "pin")) throw new NoAnswer("it is dead");
        return session.step(operation);
      };
      return { session: { step }, answer };
    }
  }
  const script = [HEADER, { op: "create", bo: 0, pages: 1 }, { op: "pin", bo: 0 }, { op: "touch", bo: 0 }];
  const recorder = new Fragile();
  const lines = await Array.fromAsync(recordScript(recorder, script.map((line) => JSON.stringify(line))));
  const shrunk = await shrink(recorder, differingAt(({ op }) => op === "touch"), lines);
  assertEquals(shrunk?.lines.slice(1).map((line) => JSON.parse(line).op), ["create", "pin", "touch"]);
});

Deno.test("a script that the replayer refuses is skipped", async () => {
  const differing = differingAt(({ op }) => op === "touch");
  const shrunk = await shrunkOf([
    { op: "create", bo: 0, pages: 1 },
    { op: "pin", bo: 0 },
    { op: "touch", bo: 0 },
  ], {
    compare(lines) {
      if (!lines.some((line) => line.includes('"pin"'))) return Promise.reject(new TraceError("no pin", 2));
      return differing.compare(lines);
    },
  });
  assertEquals(shrunk?.slice(1).map(({ op }) => op), ["create", "pin", "touch"]);
});

Deno.test("a trace that does not differ is not shrunk", async () => {
  assertEquals(await shrunkOf([{ op: "create", bo: 0, pages: 1 }], differingAt(() => false)), undefined);
});
