import { type MemTypeManager, NO_ROOM } from "@ttm/core";
import { checkOptions, optionNames } from "@ttm/core/arguments";
import { alignedCases } from "./manager_aligned_cases.ts";
import { type Bench, makeBench, PAGES, type Taken } from "./manager_bench.ts";
import { instanceCases } from "./manager_instance_cases.ts";
import { countingCases, lifeCases } from "./manager_life_cases.ts";
import { geometryCases, positionCases, rangeCases } from "./manager_range_cases.ts";
import { scanCases } from "./manager_scan_cases.ts";
import { checkSuite, mustEqual, register, type SuiteOptions, synchronous } from "./suite.ts";

/** Capabilities of a manager; each defaults to yes. A manager *must not* do what it declares that it cannot do. */
export interface ManagerSupport {
  /** Keeps within [`fpfn`, `lpfn`); if false, such requests have no room. */
  readonly ranges?: boolean;
  /** Alignments, in pages: any number, or powers of two. @default {"any"} */
  readonly alignment?: "any" | "powers of two";
  /** Takes the highest address for `topDown` requests; if false, it ignores the flag. */
  readonly topDown?: boolean;
  /** What is allocated is one contiguous range; if false, a request may be served by scattered pages. */
  readonly contiguous?: boolean;
}

/** A manager to test. */
export interface ManagerSuiteOptions extends SuiteOptions {
  /** Makes a new manager, before its `init`. */
  readonly factory: () => MemTypeManager;
  /** Its capabilities. */
  readonly supports?: ManagerSupport;
}

const WHAT = "register the suite of managers";
const OPTIONS = optionNames<ManagerSuiteOptions>({ test: true, name: true, factory: true, supports: true });
const SUPPORT = optionNames<ManagerSupport>({ ranges: true, alignment: true, topDown: true, contiguous: true });
/**
 * Registers a case for each clause of the contract of managers.
 *
 * @example The whole test file of a manager
 * ```ts
 * import { firstFit } from "@ttm/first-fit";
 * import { testManager } from "@ttm/testing";
 *
 * const cases: string[] = [];
 * // With a runner: test: Deno.test
 * testManager({ test: (name) => cases.push(name), factory: () => firstFit() });
 * ```
 */
export function testManager(options: ManagerSuiteOptions): void {
  checkSuite("managers", options, OPTIONS);
  if (options.supports !== undefined) checkOptions(WHAT, options.supports, SUPPORT, "supports");
  const { ranges = true, alignment = "any", topDown = true, contiguous = true } = options.supports ?? {};
  const make = () => synchronous(options.factory(), "manager");
  const bench = (pages = PAGES) => makeBench(make(), pages);
  const alignments = alignment === "any" ? [1, 2, 3, 5, 8, 12, 64] : [1, 2, 4, 8, 64];
  const hasAddresses = options.factory().startOf !== undefined;
  register(options, options.factory().name, {
    ...countingCases(bench),
    ...lifeCases(bench),
    ...instanceCases(bench),
    ...(contiguous && ranges && hasAddresses && alignedCases(bench, alignments)),
    ...(contiguous && hasAddresses && { ...positionCases(bench), ...geometryCases(bench, alignments) }),
    ...(!contiguous && {
      "scattered pages serve one request, as declared": () => servesScattered(bench()),
    }),
    ...(alignment === "any" || !contiguous ? {} : {
      "an alignment that is not a power of two is refused, as declared": () => alignsToPowersOnly(bench()),
    }),
    ...(ranges ? rangeCases(bench) : {
      "a limited range has no room, as declared": () => bench().refuse({ pages: 4, fpfn: PAGES - 4, lpfn: PAGES }),
    }),
    ...(options.factory().canFit !== undefined && {
      "canFit() is false for requests that never have room, and true for those that have room when it is empty": () =>
        tellsWhatFits(bench),
    }),
    ...("largestHole" in options.factory() && {
      "the largest hole is the size of the largest request that has room": () => tellsTheLargestHole(bench()),
    }),
    ...(options.factory().scan !== undefined && scanCases(bench)),
    ...(topDown
      ? { "a request from the top down gets the highest pages": () => takesTheTop(bench()) }
      : { "topDown requests are served from below, as declared": () => takesNoNotice(bench(), bench()) }),
  });
}

function takesTheTop({ take }: Bench): void {
  mustEqual(take({ pages: 4, topDown: true }).start, PAGES - 4, "the start of 4 pages from the top");
}

function tellsWhatFits(bench: () => Bench): void {
  const full = bench();
  for (let page = 0; page < PAGES; page++) full.take({});
  for (const pages of [1, PAGES - 1, PAGES, PAGES + 1]) {
    for (const [fpfn, lpfn] of [[0, Infinity], [PAGES - 1, Infinity], [1, PAGES - 1]] as const) {
      for (const alignment of [1, 8]) {
        const request = { pages, alignment, fpfn, lpfn, topDown: false, contiguous: false };
        const expected = bench().manager.allocate(request) > 0;
        const what = `whether ${pages} pages that are aligned to ${alignment} can fit into [${fpfn}, ${lpfn})`;
        for (const { manager } of [bench(), full]) mustEqual(manager.canFit?.(request), expected, what);
      }
    }
  }
}

function tellsTheLargestHole({ manager, refuse, take, free }: Bench): void {
  mustEqual(manager.largestHole, PAGES, "the largest hole of an empty manager");
  const all = Array.from({ length: PAGES / 4 }, () => take({ pages: 4 }));
  mustEqual(manager.largestHole, 0, "the largest hole of a full manager");
  for (const at of [1, 2, 3, 6, 8, 9]) free(all[at] as Taken);
  mustEqual(manager.largestHole, 12, "the largest of holes of 12, 4 and 8 pages");
  refuse({ pages: 13 });
  take({ pages: 12 });
  mustEqual(manager.largestHole, 8, "the largest of holes of 4 and 8 pages");
}

function takesNoNotice(below: Bench, above: Bench): void {
  mustEqual(
    above.take({ pages: 4, topDown: true }).start,
    below.take({ pages: 4 }).start,
    "the start from the top down",
  );
}

function servesScattered({ take, free }: Bench): void {
  const all = Array.from({ length: PAGES }, () => take({}));
  for (let at = 0; at < PAGES; at += 2) free(all[at] as Taken);
  take({ pages: PAGES / 2 });
}

function alignsToPowersOnly({ manager, take }: Bench): void {
  take({});
  let found = NO_ROOM;
  try {
    found = manager.allocate({ pages: 1, alignment: 3, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false });
  } catch {
    // The manager may treat an unsupported alignment as a mistake of the caller.
  }
  mustEqual(found, NO_ROOM, "what is aligned to 3 pages");
}
