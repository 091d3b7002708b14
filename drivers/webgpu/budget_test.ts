import { assertEquals } from "@std/assert";
import { Budget } from "./budget.ts";

const MiB = 2 ** 20;

Deno.test("a refusal shrinks the budget to what was held, and once for all sizes from that one on", () => {
  const budget = new Budget(100 * MiB);
  budget.refuse(8 * MiB, 60 * MiB);
  assertEquals(budget.bytes, 60 * MiB);
  budget.refuse(8 * MiB, 40 * MiB);
  budget.refuse(16 * MiB, 30 * MiB);
  assertEquals([budget.bytes, budget.allowed], [60 * MiB, 100 * MiB]);
  budget.refuse(4 * MiB, 50 * MiB);
  assertEquals(budget.bytes, 50 * MiB);
});

Deno.test("a size that was refused twice is asked for again only if less is held, or when a budget is set", () => {
  const budget = new Budget(100 * MiB);
  budget.refuse(8 * MiB, 60 * MiB);
  assertEquals(budget.mayAsk(8 * MiB, 60 * MiB), true);
  budget.refuse(8 * MiB, 60 * MiB);
  const answers =
    () => [budget.mayAsk(8 * MiB, 60 * MiB), budget.mayAsk(8 * MiB, 59 * MiB), budget.mayAsk(MiB, 60 * MiB)];
  assertEquals(answers(), [false, true, true]);
  budget.allow(100 * MiB);
  assertEquals([answers(), budget.bytes], [[true, true, true], 100 * MiB]);
});

Deno.test("a device that holds little and refuses something large keeps the rest of its budget", () => {
  const budget = new Budget(100 * MiB);
  budget.refuse(80 * MiB, MiB);
  assertEquals(budget.bytes, 80 * MiB - 4096);
});

Deno.test("a budget that has shrunk tries its full size again after a while, less often each time", () => {
  const budget = new Budget(100 * MiB);
  const served: number[] = [];
  for (let round = 0; round < 4; round++) {
    budget.refuse(8 * MiB, 60 * MiB);
    let count = 0;
    for (; budget.bytes < 100 * MiB; count++) budget.noteServed();
    served.push(count);
  }
  assertEquals(served, [64, 128, 256, 512]);
});

Deno.test("a budget that was set anew begins with its patience", () => {
  const budget = new Budget(100 * MiB);
  for (let round = 0; round < 3; round++) {
    budget.refuse(8 * MiB, 60 * MiB);
    for (let served = 0; served < 512; served++) budget.noteServed();
  }
  budget.allow(100 * MiB);
  budget.refuse(8 * MiB, 60 * MiB);
  for (let served = 0; served < 64; served++) budget.noteServed();
  assertEquals(budget.bytes, 100 * MiB);
});

Deno.test("a budget that shrank with the loss of a device keeps a half, and grows only when one is set", () => {
  const budget = new Budget(100 * MiB);
  const sizes = [90, 60, 20].map((held) => (budget.noteLost(held * MiB), budget.bytes / MiB));
  for (let served = 0; served < 10_000; served++) budget.noteServed();
  assertEquals([sizes, budget.bytes], [[67.5, 50, 50], 50 * MiB]);
  budget.refuse(MiB, 40 * MiB);
  for (let served = 0; served < 10_000; served++) budget.noteServed();
  assertEquals(budget.bytes, 50 * MiB);
  budget.allow(100 * MiB);
  assertEquals(budget.bytes, 100 * MiB);
});
