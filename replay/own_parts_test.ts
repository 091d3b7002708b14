import { assert, assertEquals, assertMatch } from "@std/assert";
import { testWith } from "../tests/permissions.ts";
import { CARD, SIEVE } from "./own_parts_testing.ts";

const CLI = new URL("./cli.ts", import.meta.url).href;
const HERE = new URL(".", import.meta.url).pathname;

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A driver whose contents cannot be read. */
const DARK = `
export default ({ vram }) => ({
  name: "dark",
  memoryTypes: [{ name: "system" }, { name: "vram", pages: vram / 4096, fixed: true }],
  supports: { contents: false },
  evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
  move() {},
});
`;

const LINES = [
  { format: "bo-trace", version: 1, name: "parts", time: "seq" },
  ...[1, 2, 3, 4].map((id) => ({ t: 0, op: "alloc", id, bytes: 4096 })),
  ...[1, 2, 1, 3, 1, 4, 1, 2, 1].map((id, t) => ({ t, op: "use", id, job: t, w: 1 })),
];

const FILES: Readonly<Record<string, string>> = {
  "sieve.ts": SIEVE,
  "card.ts": CARD,
  "dark.js": DARK,
  "fit.ts": `import { firstFit } from "@ttm/first-fit";
    export default () => Object.defineProperty(firstFit(), "name", { value: "mine" });`,
  "syntax.ts": "export default (;",
  "missing.ts": 'import "./nowhere.ts"; export default () => {};',
  "none.ts": "export const policy = 1;",
  "throws.ts": 'export default () => { throw new Error("out of ideas\\nmore"); };',
  "seven.ts": "export default () => 7;",
  "empty.mjs": "export default () => ({});",
  "hangs.ts": `import { FenceContext } from "@ttm/core";
    export default ({ vram }) => {
      const fences = new FenceContext("never");
      return { name: "hangs", supports: { moves: "ordered" }, move: () => fences.next(),
        memoryTypes: [{ name: "system" }, { name: "vram", pages: vram / 4096, fixed: true }],
        evictPlacement: () => ({ placement: [{ memoryType: "system" }] }) };
    };`,
  "trace.jsonl": LINES.map((line) => `${JSON.stringify(line)}\n`).join(""),
};

/** A test with files in a new folder, whose path it receives; once in this repository and once outside. */
function testParts(
  name: string,
  fn: (run: (...args: string[]) => Promise<Outcome>, folder: string) => Promise<void>,
): void {
  // Hidden: tests that look at the checkout run at the same time.
  for (const [where, options] of [["inside", { dir: HERE, prefix: ".own_parts_" }], ["outside", {}]] as const) {
    testWith(["run", "read", "write"], `${name}, from a file ${where} of the repository`, async () => {
      const folder = await Deno.makeTempDir(options);
      try {
        for (const [file, text] of Object.entries(FILES)) await Deno.writeTextFile(`${folder}/${file}`, text);
        await fn(async (...args) => {
          const command = new Deno.Command(Deno.execPath(), {
            args: ["run", "--allow-read", "--no-prompt", CLI, "--workload", "trace.jsonl", "--vram", "8192", ...args],
            cwd: folder,
            stdin: "null",
            env: { NO_COLOR: "1" },
          });
          const { code, stdout, stderr } = await command.output();
          const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
          return { status: code, stdout: text(stdout), stderr: text(stderr) };
        }, folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  }
}

/** The report of a run that must succeed without lost contents. */
function reportOf({ status, stdout, stderr }: Outcome) {
  assertEquals([status, stderr], [0, ""]);
  return JSON.parse(stdout);
}

testParts("replay takes a policy", async (run, folder) => {
  const [sieve, lru] = await Promise.all([
    run("--policy", "./sieve.ts", "--json", "--verify"),
    run("--policy", "lru", "--json"),
  ]);
  const report = reportOf(sieve);
  assertEquals([report.device.policy, report.losses, report.verified > 9], ["sieve", [], true]);
  // A buffer is used as soon as it is inserted, so that all are marked and the hand evicts the oldest, among them 1.
  assertEquals([report.evictions, reportOf(lru).evictions], [5, 3]);
  assertEquals(reportOf(await run("--policy", `${folder}/sieve.ts`, "--json")).evictions, 5, "an absolute path");
  assertEquals(reportOf(await run("--policy", "sieve.ts", "--json")).device.policy, "sieve", "by its ending");
});

testParts("replay takes a manager", async (run) => {
  const report = reportOf(await run("--manager", "./fit.ts", "--json", "--verify"));
  assertEquals([report.device.manager, report.evictions, report.losses], ["mine", 3, []]);
});

testParts("replay takes a driver without replay support, and a policy with it", async (run) => {
  const report = reportOf(await run("--driver", "./card.ts", "--policy", "./sieve.ts", "--json", "--verify"));
  const { driver, policy, vram, gtt, contents } = report.device;
  assertEquals([driver, policy, vram, gtt, contents], ["blocking-card", "sieve", 8192, 0, "own"]);
  assertEquals([report.evictions, report.failures, report.losses, report.unverified], [5, 0, [], 0]);
  assert(report.verified > 9);
  const { stdout } = await run("--driver", "./card.ts", "--verify");
  assertMatch(stdout, /^parts: 16\.0 KiB at its peak, on blocking-card with 8\.00 KiB VRAM, range\n/);
  assertMatch(stdout, /^ {2}verified +\d+ comparisons, 0 lost$/m);
});

testParts("replay reports contents that it cannot compare", async (run) => {
  const { status, stdout } = await run("--driver", "./dark.js", "--verify");
  assertEquals(status, 0);
  assertMatch(stdout, /^ {2}unverified +\d+ comparisons, for dark shows no contents there$/m);
});

testParts("replay refuses a module that makes no part, in one line", async (run) => {
  const refused = async (message: string, ...args: string[]) => {
    const outcome = await run(...args);
    assertEquals([outcome.status, outcome.stdout], [2, ""], JSON.stringify(outcome));
    assertMatch(outcome.stderr, /^[^\n]+\n$/);
    assert(outcome.stderr.includes(message), outcome.stderr);
  };
  const cannot = (file: string) => `Cannot use --policy "./${file}": `;
  await Promise.all([
    refused(`${cannot("nowhere.ts")}there is no such file`, "--policy", "./nowhere.ts"),
    refused(`${cannot("")}there is no such file`, "--policy", "./"),
    refused(`${cannot("syntax.ts")}it does not load: `, "--policy", "./syntax.ts"),
    refused(`${cannot("missing.ts")}it does not load: `, "--policy", "./missing.ts"),
    refused(`${cannot("none.ts")}its default export must be a function`, "--policy", "./none.ts"),
    refused(`${cannot("throws.ts")}its default export throws: Error: out of ideas`, "--policy", "./throws.ts"),
    ...["policy", "manager", "driver"].flatMap((option) => [
      refused(`${option} must be an object, not 7`, `--${option}`, "./seven.ts"),
      refused(`${option}.`, `--${option}`, "./empty.mjs"),
    ]),
  ]);
  await refused("Cannot replay on hangs: a fence has not signalled", "--driver", "./hangs.ts");
});
