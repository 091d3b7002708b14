/**
 * What is tried of the packages on a runtime: each entry point is imported, and what has a suite runs it.
 *
 * @module
 */
import { suites } from "./suites.ts";

/** Entry points as users write them, by package: `{ "@ttm/core": { "@ttm/core/checksum": () => import(…) } }`. */
export type EntryPoints = Readonly<Record<string, Readonly<Record<string, () => Promise<unknown>>>>>;

/** How a package did; reasons stand by entry point. */
export interface PackageReport {
  /** Why an entry point could not be imported. */
  readonly notImported: Readonly<Record<string, string>>;
  /** How many cases of each entry point have passed. */
  readonly passed: Readonly<Record<string, number>>;
  /** The other cases, with what was wrong. */
  readonly failed: readonly string[];
  /** Why an entry point was imported, and could not be used. */
  readonly untried: Readonly<Record<string, string>>;
}

async function checkPackage(entries: EntryPoints[string]): Promise<PackageReport> {
  const notImported: Record<string, string> = {};
  const passed: Record<string, number> = {};
  const failed: string[] = [];
  const untried: Record<string, string> = {};
  for (const [entry, load] of Object.entries(entries)) {
    await load().catch((error) => notImported[entry] = String(error));
    // What cannot be imported has nothing to run, and commands are run from a shell.
    if (entry in notImported || suites[entry] === undefined) continue;
    passed[entry] = 0;
    const cases: [string, () => void | Promise<void>][] = [];
    await suites[entry]((name, fn) => cases.push([name, fn]), (why) => untried[entry] = why);
    for (const [name, fn] of cases) {
      try {
        await fn();
        passed[entry]++;
      } catch (error) {
        failed.push(`${entry}, ${name}: ${error}`);
      }
    }
  }
  return { notImported, passed, failed, untried };
}

/** Tries all packages, one after another. */
export async function check(packages: EntryPoints): Promise<Record<string, PackageReport>> {
  const reports: Record<string, PackageReport> = {};
  for (const [name, entries] of Object.entries(packages)) reports[name] = await checkPackage(entries);
  return reports;
}
