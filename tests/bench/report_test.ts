import { assertEquals } from "@std/assert";
import { type BenchOutput, formatReport, reportOf } from "./report.ts";

function bench(name: string, min: number, baseline = false, group: string | null = "in place") {
  const ok = { min, avg: 2 * min, p75: 3 * min };
  return { origin: "file:///somewhere/validate_bench.ts", group, name, baseline, results: [{ ok }] };
}

function output(...benches: BenchOutput["benches"]): BenchOutput {
  return { runtime: "Deno/2.9.6", cpu: "a processor", benches };
}

Deno.test("times of a benchmark are for one of its operations", () => {
  const { groups } = reportOf(output(bench("validate (1000 operations)", 250_000)));
  assertEquals(groups, [
    { name: "in place", timings: [{ name: "validate", min: 250, mean: 500, p75: 750, ratio: 1 }] },
  ]);
});

Deno.test("ratios are those to the baseline of the group, wherever it stands", () => {
  const { groups } = reportOf(output(
    bench("other", 30),
    bench("ours", 5, true),
    bench("theirs", 10, true, "lock"),
    bench("ours", 5, false, "lock"),
  ));
  assertEquals(groups.map(({ name, timings }) => [name, timings.map(({ ratio }) => ratio)]), [
    ["in place", [6, 1]],
    ["lock", [1, 0.5]],
  ]);
});

Deno.test("without a baseline the first benchmark is the baseline, and without a group the file is the group", () => {
  const { groups } = reportOf(output(bench("a", 10, false, null), bench("b", 15, false, null)));
  assertEquals(groups.map(({ name, timings }) => [name, timings.map(({ ratio }) => ratio)]), [
    ["validate_bench.ts", [1, 1.5]],
  ]);
});

Deno.test("benchmarks that failed are named, and the others reported", () => {
  const broken = { ...bench("broken", 1), group: "alone", results: [{ failed: { message: "no" } }] };
  const report = reportOf(output(broken, bench("fine", 10)));
  assertEquals(report.failed, ["broken"]);
  assertEquals(report.groups.map(({ name }) => name), ["in place"]);
  assertEquals(formatReport(report).split("\n").at(-1), "failed: broken");
});

Deno.test("the table has a line for each benchmark, under its group", () => {
  const text = formatReport(reportOf(output(bench("plain", 20, true), bench("ours (10 operations)", 41_234_567))));
  assertEquals(text.split("\n").map((line) => line.replace(/ {2,}/g, " | ")), [
    "Deno/2.9.6, a processor; nanoseconds an operation, ratios of minima",
    "",
    "in place | min | mean | p75 | ratio",
    " | plain | 20 | 40 | 60 | 1.00",
    " | ours | 4,123,456.7 | 8,246,913.4 | 12,370,370.1 | 2.06e+5",
  ]);
});
