import { assertEquals } from "@std/assert";
import { measure, median } from "./rounds.ts";
import { jsonLines, tableLines } from "./rounds_report.ts";

Deno.test("the median is in the middle, whatever the order", () => {
  assertEquals(median([30, 1, 2]), 2);
  assertEquals(median([9, 1, 2, 4]), 3);
});

/** A clock that moves only when a variant runs: what it costs in each of its runs, the last one for ever. */
function onClock() {
  const clock = { now: 0, ran: "" };
  const variant = (name: string, operations: number, costs: () => number) => ({
    name,
    operations,
    prepare: () => () => {
      clock.now += costs();
      clock.ran += name;
    },
  });
  return { clock, variant, spent: () => clock.now };
}

Deno.test("variants take turns, after each has been warmed up", async () => {
  const { clock, variant, spent } = onClock();
  await measure([variant("A", 1, () => 20e6), variant("B", 1, () => 40e6)], { rounds: 3, spent });
  assertEquals(clock.ran, "AAAAAABBBBBB" + "ABABAB");
});

Deno.test("a turn of a quick variant has many runs", async () => {
  const { clock, variant, spent } = onClock();
  await measure([variant("A", 1, () => 1e6)], { rounds: 1, spent });
  assertEquals(clock.ran.length, 6 + 20);
});

Deno.test("times are for one operation, ratios are those within the rounds", async () => {
  const { variant, spent } = onClock();
  let round = 0;
  // Each round is slower than the one before, for both alike: the times differ, the ratios do not.
  const slower = () => 20e6 * (1 + Math.max(0, ++round - 6));
  const measured = await measure([
    variant("A", 1e6, slower),
    variant("B", 1e6, () => 60e6 * (1 + Math.max(0, round - 6))),
  ], {
    rounds: 3,
    spent,
  });
  assertEquals(measured, [
    { name: "A", best: 40, median: 60, ratio: 1 },
    { name: "B", best: 120, median: 180, ratio: 3 },
  ]);
});

const measured = [
  { name: "plain", best: 20, median: 21.25, ratio: 1 },
  { name: "ours", best: 40, median: 42.5, ratio: 2 },
  { name: "calibration", best: 1.5, median: 1.567, ratio: 0.07 },
];

Deno.test("for machines each variant of a row is an object of its own", () => {
  assertEquals(jsonLines("in place", measured).map((line) => JSON.parse(line)), [
    { row: "in place", variant: "plain", best: 20, median: 21.25, ratio: 1 },
    { row: "in place", variant: "ours", best: 40, median: 42.5, ratio: 2 },
    { row: "in place", variant: "calibration", best: 1.5, median: 1.567, ratio: 0.07 },
  ]);
});

Deno.test("for people each variant of a row is a line, and the calibration stands beside the row's name", () => {
  assertEquals(tableLines("in place", measured).map((line) => line.replace(/ {2,}/g, " | ")), [
    "in place | (calibration 1.57)",
    " | plain | 20.0 | 21.3 | 1.00",
    " | ours | 40.0 | 42.5 | 2.00",
  ]);
});
