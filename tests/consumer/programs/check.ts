/**
 * What is tried of the packages on a runtime: each entry point is imported, and what has a suite runs it.
 *
 * @module
 */
import { suites } from "./suites.ts";

/** Entry points as users write them, by package: `{ "@ttm/core": { "@ttm/core/checksum": () => import(…) } }`. */
export type EntryPoints = Readonly<Record<string, Readonly<Record<string, () => Promise<unknown>>>>>;

/** How a package did. */
export interface PackageReport {
  /** Why an entry point could not be imported, by its name. */
  readonly notImported: Readonly<Record<string, string>>;
  /** How many cases of its suite have passed. */
  readonly passed: number;
  /** The others, with what was wrong. */
  readonly failed: readonly string[];
  /** Why its suite could not run at all. */
  readonly untried?: string;
}

async function importAll(entries: EntryPoints[string]): Promise<Record<string, string>> {
  const failures: Record<string, string> = {};
  for (const [entry, load] of Object.entries(entries)) {
    await load().catch((error) => failures[entry] = String(error));
  }
  return failures;
}

async function runSuite(name: string): Promise<Pick<PackageReport, "passed" | "failed" | "untried">> {
  const cases: [string, () => void | Promise<void>][] = [];
  let untried: string | undefined;
  await suites[name]?.((name, fn) => cases.push([name, fn]), (why) => untried = why);
  const failed: string[] = [];
  for (const [name, fn] of cases) {
    try {
      await fn();
    } catch (error) {
      failed.push(`${name}: ${error}`);
    }
  }
  return { passed: cases.length - failed.length, failed, ...(untried === undefined ? {} : { untried }) };
}

/** Tries all packages, one after another. */
export async function check(packages: EntryPoints): Promise<Record<string, PackageReport>> {
  const reports: Record<string, PackageReport> = {};
  for (const [name, entries] of Object.entries(packages)) {
    const notImported = await importAll(entries);
    // What cannot be imported has nothing to run.
    const suite = name in notImported ? { passed: 0, failed: [] } : await runSuite(name);
    reports[name] = { notImported, ...suite };
  }
  return reports;
}
