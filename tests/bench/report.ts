/** What `deno bench --json` prints, as far as it is read here. Times in nanoseconds. */
export interface BenchOutput {
  readonly runtime: string;
  readonly cpu: string;
  readonly benches: readonly {
    readonly origin: string;
    readonly group?: string | null;
    readonly name: string;
    readonly baseline: boolean;
    readonly results: readonly {
      readonly ok?: { readonly min: number; readonly avg: number; readonly p75: number };
      readonly failed?: unknown;
    }[];
  }[];
}

/** One benchmark: nanoseconds an operation. */
export interface Timing {
  readonly name: string;
  readonly min: number;
  readonly mean: number;
  readonly p75: number;
  /** How many times as long as the baseline of the group, by their minima; without a baseline, as the first. */
  readonly ratio: number;
}

/** Benchmarks that are compared with each other. */
export interface Group {
  readonly name: string;
  readonly timings: readonly Timing[];
}

/** The figures of a run. */
export interface BenchReport {
  readonly runtime: string;
  readonly cpu: string;
  readonly groups: readonly Group[];
  /** Names of those that threw. */
  readonly failed: readonly string[];
}

/** Where a benchmark says how many operations it does at a time. */
const OPERATIONS = / \((\d+) operations\)$/;

/** Turns the output of `deno bench --json` into figures, group by group. */
export function reportOf({ runtime, cpu, benches }: BenchOutput): BenchReport {
  const failed = benches.filter(({ results }) => results.some(({ ok }) => ok === undefined)).map(({ name }) => name);
  const byGroup = Map.groupBy(benches, ({ group, origin }) => group ?? origin.slice(origin.lastIndexOf("/") + 1));
  const groups = [...byGroup].map(([name, members]) => ({ name, timings: timingsOf(members) }));
  return { runtime, cpu, groups: groups.filter(({ timings }) => timings.length > 0), failed };
}

function timingsOf(benches: BenchOutput["benches"]): Timing[] {
  const timings = benches.flatMap(({ name, baseline, results: [result] }) => {
    if (result?.ok === undefined) return [];
    const operations = Number(OPERATIONS.exec(name)?.[1] ?? 1);
    const [min, mean, p75] = [result.ok.min / operations, result.ok.avg / operations, result.ok.p75 / operations];
    return [{ name: name.replace(OPERATIONS, ""), baseline, min, mean, p75 }];
  });
  const base = timings.find(({ baseline }) => baseline) ?? timings[0];
  return timings.map(({ name, min, mean, p75 }) => ({ name, min, mean, p75, ratio: min / (base?.min ?? NaN) }));
}

/** The figures as a table for people. */
export function formatReport({ runtime, cpu, groups, failed }: BenchReport): string {
  const lines = [`${runtime}, ${cpu}; nanoseconds an operation, ratios of minima`];
  for (const { name, timings } of groups) {
    lines.push("", formatLine(name, ["min", "mean", "p75", "ratio"]));
    for (const { name, min, mean, p75, ratio } of timings) {
      const times = [min, mean, p75].map((time) => time.toLocaleString("en", { maximumFractionDigits: 1 }));
      lines.push(formatLine(`  ${name}`, [...times, ratio.toPrecision(3)]));
    }
  }
  for (const name of failed) lines.push("", `failed: ${name}`);
  return lines.join("\n");
}

function formatLine(name: string, columns: readonly string[]): string {
  return name.padEnd(56) + columns.map((column) => column.padStart(14)).join("");
}
