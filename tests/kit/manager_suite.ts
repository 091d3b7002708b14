import type { ManagerNode, MemTypeManager } from "@ttm/core";
import { checkOptions, optionNames } from "@ttm/core/arguments";
import { alignedCases } from "./manager_aligned_cases.ts";
import { type Bench, makeBench, PAGES } from "./manager_bench.ts";
import { instanceCases } from "./manager_instance_cases.ts";
import { scanCases } from "./manager_scan_cases.ts";
import { checkSuite, must, mustEqual, randomNumbers, register, type SuiteOptions, synchronous } from "./suite.ts";

/** Capabilities of a manager; each defaults to yes. A manager *must not* do what it declares that it cannot do. */
export interface ManagerSupport {
  /** Keeps within [`fpfn`, `lpfn`); if false, such requests have no room. */
  readonly ranges?: boolean;
  /** Alignments, in pages: any number, or powers of two. @default {"any"} */
  readonly alignment?: "any" | "powers of two";
  /** Takes the highest address for `topDown` requests; if false, it ignores the flag. */
  readonly topDown?: boolean;
  /** A node is one contiguous range; if false, a request may be served by scattered pages. */
  readonly contiguous?: boolean;
}

/** A manager to test. */
export interface ManagerSuiteOptions<Node extends ManagerNode = ManagerNode> extends SuiteOptions {
  /** Makes a new manager, before its `init`. */
  readonly factory: () => MemTypeManager<Node>;
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
export function testManager<Node extends ManagerNode>(options: ManagerSuiteOptions<Node>): void {
  checkSuite("managers", options, OPTIONS);
  if (options.supports !== undefined) checkOptions(WHAT, options.supports, SUPPORT, "supports");
  const { ranges = true, alignment = "any", topDown = true, contiguous = true } = options.supports ?? {};
  const make = () => synchronous(options.factory() as unknown as MemTypeManager, "manager");
  const bench = (pages = PAGES) => makeBench(make(), pages);
  const alignments = alignment === "any" ? [1, 2, 3, 5, 8, 12, 64] : [1, 2, 4, 8, 64];
  register(options, options.factory().name, {
    ...countingCases(bench),
    ...lifeCases(bench),
    ...instanceCases(bench),
    ...(contiguous && ranges && alignedCases(bench, alignments)),
    ...(contiguous ? geometryCases(bench, alignments) : {
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

function countingCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  return {
    "a new manager has no allocated pages": () => mustEqual(bench().manager.usedPages, 0, "usedPages"),
    "usedPages counts allocated pages, and not freed ones"() {
      const { manager, take } = bench();
      const nodes = [3, 1, 7].map((pages) => take({ pages }));
      mustEqual(manager.usedPages, 11, "usedPages");
      for (const [at, node] of nodes.entries()) {
        manager.free(node);
        mustEqual(manager.usedPages, [8, 7, 0][at], "usedPages after a free");
      }
    },
    "all pages can be allocated one by one, and no more"() {
      const { manager, take, refuse } = bench(13);
      for (let page = 0; page < 13; page++) take({});
      mustEqual(manager.usedPages, 13, "usedPages");
      refuse({});
    },
    "all pages can be allocated at once"() {
      const { take, refuse } = bench(13);
      take({ pages: 13 });
      refuse({});
    },
    "a request for too many pages returns no-room and does not throw"() {
      const { refuse } = bench();
      refuse({ pages: PAGES + 1 });
      refuse({ pages: 2 ** 40 });
    },
    "freed pages can be allocated again"() {
      const { manager, take } = bench();
      for (let round = 0; round < 20; round++) manager.free(take({ pages: PAGES }));
    },
    "when all pages are freed, in any order, they are one range again"() {
      const { manager, take } = bench();
      const random = randomNumbers(3);
      const nodes = Array.from({ length: 40 }, () => take({ pages: 1 + random(3) }));
      while (nodes.length > 0) manager.free(nodes.splice(random(nodes.length), 1)[0] as ManagerNode);
      take({ pages: PAGES });
    },
  };
}

function lifeCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  return {
    "takedown() of a manager in use is false and changes nothing"() {
      const { manager, take } = bench();
      const node = take({ pages: 5 });
      const debug = manager.debug();
      mustEqual(manager.takedown(), false, "takedown()");
      mustEqual([manager.usedPages, manager.debug()], [5, debug], "the manager after it");
      manager.free(node);
    },
    "after takedown() init() can be called again, with another size"() {
      const { manager } = bench();
      mustEqual(manager.takedown(), true, "takedown()");
      const again = makeBench(manager, 7);
      again.take({ pages: 7 });
      again.refuse({});
    },
    "the same calls allocate the same pages"() {
      const starts = () => {
        const { manager, take } = bench();
        const random = randomNumbers(9);
        const nodes: ManagerNode[] = [];
        for (let turn = 0; turn < 60; turn++) {
          if (random(3) === 0 && nodes.length > 0) {
            manager.free(nodes.splice(random(nodes.length), 1)[0] as ManagerNode);
          } else if (manager.usedPages < PAGES / 2) nodes.push(take({ pages: 1 + random(4) }));
        }
        return nodes.map(({ start }) => start);
      };
      mustEqual(starts(), starts(), "the starts of a second manager");
    },
    "a request is read only during the call"() {
      const { manager } = bench();
      const request = { pages: 4, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false };
      const node = manager.allocate(request);
      must(typeof node === "object", () => `allocate() is ${node}`);
      Object.assign(request, { pages: 99, alignment: 64, fpfn: 100 });
      mustEqual(manager.usedPages, 4, "usedPages");
      manager.free(node);
      mustEqual(manager.usedPages, 0, "usedPages after the free");
    },
    "name and debug() are text, which differs between used and free pages"() {
      const { manager, debug, take } = bench();
      must(typeof manager.name === "string" && manager.name !== "", () => `the name is ${manager.name}`);
      take({ pages: 5 });
      must(typeof debug === "string" && manager.debug() !== debug, () => "debug() says the same before and after");
    },
  };
}

function geometryCases(bench: (pages?: number) => Bench, alignments: readonly number[]): Record<string, () => void> {
  return {
    "ranges never overlap, and lie inside the memory type"() {
      const { manager, take } = bench();
      const random = randomNumbers(1);
      const live = new Map<ManagerNode, number>();
      for (let turn = 0; turn < 400; turn++) {
        const victim = [...live.keys()][random(live.size + 1)];
        if (victim !== undefined && (random(2) === 0 || manager.usedPages > PAGES / 2)) {
          manager.free(victim);
          live.delete(victim);
          continue;
        }
        if (manager.usedPages > PAGES / 2) continue;
        const pages = 1 + random(6);
        const node = take({ pages, topDown: random(2) === 0 });
        const isInside = node.start >= 0 && node.start + pages <= PAGES && Number.isInteger(node.start);
        must(isInside, () => `${pages} pages at ${node.start} do not lie inside ${PAGES}`);
        for (const [other, length] of live) {
          const isApart = node.start >= other.start + length || node.start + pages <= other.start;
          must(isApart, () => `${pages} pages at ${node.start} overlap ${length} at ${other.start}`);
        }
        live.set(node, pages);
      }
    },
    "starts are multiples of the alignment"() {
      for (const alignment of alignments) {
        const { take } = bench();
        take({});
        const { start } = take({ pages: 3, alignment });
        mustEqual(start % alignment, 0, `${start} modulo the alignment ${alignment}`);
      }
    },
    "a node intersects a range if it has pages in it"() {
      const { manager, take } = bench();
      const node = take({ pages: 4 });
      const { start } = node;
      const cases = [[start, start + 4, true], [start + 3, start + 9, true], [0, Infinity, true], [
        start + 4,
        Infinity,
        false,
      ]];
      for (const [fpfn, lpfn, expected] of cases as [number, number, boolean][]) {
        const found = manager.intersects?.(node, 4, fpfn, lpfn) ?? (start < lpfn && start + 4 > fpfn);
        mustEqual(found, expected, `whether [${start}, ${start + 4}) intersects [${fpfn}, ${lpfn})`);
      }
    },
    "a node is compatible with a range if it lies wholly in it"() {
      const { manager, take } = bench();
      const node = take({ pages: 4 });
      const { start } = node;
      const cases = [[start, start + 4, true], [0, Infinity, true], [start + 1, Infinity, false], [
        0,
        start + 3,
        false,
      ]];
      for (const [fpfn, lpfn, expected] of cases as [number, number, boolean][]) {
        const found = manager.compatible?.(node, 4, fpfn, lpfn) ?? (start >= fpfn && start + 4 <= lpfn);
        mustEqual(found, expected, `whether [${start}, ${start + 4}) is compatible with [${fpfn}, ${lpfn})`);
      }
    },
  };
}

function rangeCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  return {
    "a request for a range gets pages in it"() {
      for (const topDown of [false, true]) {
        const { take } = bench();
        for (const [fpfn, lpfn] of [[10, 20], [40, 44], [100, 200], [0, 4]] as const) {
          const { start } = take({ pages: 4, fpfn, lpfn, topDown });
          must(start >= fpfn && start + 4 <= lpfn, () => `4 pages for [${fpfn}, ${lpfn}) are at ${start}`);
        }
      }
    },
    "a full range has no room, also if there are free pages outside"() {
      const { take, refuse } = bench();
      take({ pages: 4, fpfn: 40, lpfn: 44 });
      refuse({ fpfn: 40, lpfn: 44 });
      refuse({ fpfn: PAGES, lpfn: PAGES + 10 });
      refuse({ pages: 5, fpfn: 60, lpfn: 64 });
      take({});
    },
    "an lpfn beyond the end is the end"() {
      const { take, refuse } = bench();
      const { start } = take({ pages: 8, fpfn: PAGES - 8, lpfn: 2 ** 40 });
      mustEqual(start, PAGES - 8, "the start of the last pages");
      refuse({ fpfn: PAGES - 8, lpfn: 2 ** 40 });
    },
  };
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
        const expected = typeof bench().manager.allocate(request) === "object";
        const what = `whether ${pages} pages that are aligned to ${alignment} can fit into [${fpfn}, ${lpfn})`;
        for (const { manager } of [bench(), full]) mustEqual(manager.canFit?.(request), expected, what);
      }
    }
  }
}

function tellsTheLargestHole({ manager, refuse, take }: Bench): void {
  mustEqual(manager.largestHole, PAGES, "the largest hole of an empty manager");
  const nodes = Array.from({ length: PAGES / 4 }, () => take({ pages: 4 }));
  mustEqual(manager.largestHole, 0, "the largest hole of a full manager");
  for (const at of [1, 2, 3, 6, 8, 9]) manager.free(nodes[at] as ManagerNode);
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

function servesScattered({ manager, take }: Bench): void {
  const nodes = Array.from({ length: PAGES }, () => take({}));
  for (let at = 0; at < PAGES; at += 2) manager.free(nodes[at] as ManagerNode);
  take({ pages: PAGES / 2 });
}

function alignsToPowersOnly({ manager, take }: Bench): void {
  take({});
  let found: unknown = "no-room";
  try {
    found = manager.allocate({ pages: 1, alignment: 3, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false });
  } catch {
    // The manager may treat an unsupported alignment as a mistake of the caller.
  }
  mustEqual(found, "no-room", "what is aligned to 3 pages");
}
