import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type InLine, SubmissionLine } from "./line.ts";
import { SimulatedClock } from "../mod.ts";

const clock = new SimulatedClock();

/** A submission that counts how often its types are looked at. */
class Counting implements InLine {
  static looks = 0;
  readonly age: number;
  #types: number;

  constructor(age: number, types: number) {
    this.age = age;
    this.#types = types;
  }

  get types(): number {
    Counting.looks++;
    return this.#types;
  }
}

Deno.test("10,000 submissions in line for two memory types have their turns with a few looks each", async () => {
  const count = 10_000;
  const line = new SubmissionLine();
  const all = Array.from({ length: count }, (_, age) => new Counting(age, 1 + age % 3));
  Counting.looks = 0;
  const seen: number[] = [];
  for (const one of all) line.join(one);
  const turns = all.map(async (one) => {
    if (!line.isTurnOf(one)) await line.turnOf(one, clock, undefined);
    seen.push(one.age);
    line.leave(one);
  });
  await Promise.all(turns);
  assertEquals([seen.length, new Set(seen).size, line.length], [count, count, 0]);
  assert(Counting.looks <= 40 * count, `${Counting.looks} looks`);
});

Deno.test("10,000 submissions do not look at those before them that need other memory types", () => {
  const [count, line] = [10_000, new SubmissionLine()];
  for (let age = 0; age < count; age++) line.join({ age, types: 1 });
  const behind = Array.from({ length: count }, (_, at): InLine => ({ age: count + at, types: 2 }));
  const before = SubmissionLine.steps;
  for (const one of behind) line.join(one);
  for (const one of behind) {
    assert(line.isTurnOf(one));
    line.leave(one);
  }
  assert(SubmissionLine.steps - before <= 5 * count, `${SubmissionLine.steps - before} looks`);
});

Deno.test("whoever joins and leaves, those begin who have nobody older in the way, and no others", async () => {
  const action = fc.record({ age: fc.nat(15), leaves: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 7 }), { minLength: 16, maxLength: 16 }),
      fc.array(action),
      async (types, actions) => {
        const line = new SubmissionLine();
        const all = types.map((mask, age): InLine => ({ age, types: mask }));
        const [inLine, begun]: [Set<InLine>, Set<InLine>] = [new Set(), new Set()];
        const isFree = (one: InLine) =>
          [...inLine].every((other) => other.age >= one.age || (other.types & one.types) === 0);
        const waiting = new Set<InLine>();
        for (const { age, leaves } of actions) {
          const one = all[age] as InLine;
          if (leaves && !waiting.has(one)) {
            inLine.delete(one);
            line.leave(one);
          } else if (!inLine.has(one)) {
            inLine.add(one);
            line.join(one);
            assertEquals(line.isTurnOf(one), isFree(one));
            if (!isFree(one)) {
              waiting.add(one);
              void line.turnOf(one, clock, undefined).then(() => begun.add(one));
            }
          }
          await new Promise<void>((resolve) => queueMicrotask(resolve));
          if (leaves) {
            for (const other of waiting) {
              if (isFree(other)) assert(begun.has(other), `${other.age} still waits`);
            }
          }
          for (const other of begun) waiting.delete(other);
          assertEquals(line.length, inLine.size);
        }
      },
    ),
    { numRuns: 300 },
  );
});
