import { assert, assertEquals, assertMatch } from "@std/assert";
import { testWith } from "../tests/permissions.ts";
import { gzip, HEADER, traceFile } from "../import/trace_testing.ts";
import { lastCounters, readTrace } from "../export/testing_trace_reader.ts";

const CLI = new URL("./cli.ts", import.meta.url).href;

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: string[]): Promise<Outcome> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-write", "--no-prompt", CLI, ...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

/** Fails unless these arguments are refused with one line that matches. */
async function assertRefused(message: RegExp, ...args: string[]): Promise<void> {
  const outcome = await run(...args);
  const { status, stdout, stderr } = outcome;
  assertEquals([status, stdout], [2, ""], JSON.stringify(outcome));
  assertMatch(stderr, /^[^\n]+\n$/, "one line, so no stack trace either");
  assertMatch(stderr, message);
}

/** Fails unless the run succeeds without output on standard error; returns its output. */
async function succeed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...args);
  assertEquals([status, stderr], [0, ""]);
  return stdout;
}

/** A test of a command line on files. */
function testFiles(name: string, fn: (file: (bytes: Uint8Array) => Promise<string>) => Promise<void>): void {
  testWith(["run", "read", "write"], name, async () => {
    const folder = await Deno.makeTempDir();
    let files = 0;
    try {
      await fn(async (bytes) => {
        const path = `${folder}/trace${files++}.jsonl`;
        await Deno.writeFile(path, bytes);
        return path;
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const ALLOC = { t: 0, op: "alloc", id: 1, bytes: 5000 };
const USE = { t: 1, op: "use", id: 1 };
const FREE = { t: 2, op: "free", id: 1 };
const LINES = [HEADER, ALLOC, USE, FREE];

testWith(["run", "read"], "replay prints figures and a map, and no progress bar in a pipe", async () => {
  const lines = (await succeed()).split("\n");
  assertMatch(lines[0] ?? "", /^phi3-decode: 2\.\d+ GiB at its peak, on radeon-sim with 1\.\d+ GiB VRAM/);
  for (const name of ["events", "hits", "evictions", "bytes in / out", "fragmentation", "failures"]) {
    assert(lines.some((line) => line.startsWith(`  ${name} `)), name);
  }
  const top = lines.findIndex((line) => line.startsWith("  ┌"));
  const map = lines.slice(top + 1, top + 5);
  assert(map.every((line) => /^ {2}│[ ░▒▓█]{64}│$/.test(line)) && map.join("").includes("█"), map.join("\n"));
});

testWith(["run", "read"], "replay --json prints one object on one line", async () => {
  const options = ["--vram", "60%", "--gtt=110%", "--contents=stamps", "--manager", "first-fit", "--verify"];
  const output = await succeed("--json", "--workload", "texture-streaming", "--seed", "2", ...options);
  assertMatch(output, /^\{[^\n]*\}\n$/);
  const report = JSON.parse(output);
  const numbers = "events jobs hits evictions bytesIn bytesOut peakBytes failures verified simulatedMs".split(" ");
  for (const name of numbers) assertEquals(typeof report[name], "number", name);
  assertEquals([report.workload, report.losses, report.failures], ["texture-streaming", [], 0]);
  assert(report.verified > report.jobs && report.evictions > 0);
  const { driver, manager, vram, gtt, contents } = report.device;
  assertEquals([driver, manager, contents], ["radeon-sim", "first-fit", "stamps"]);
  assertEquals([vram / report.peakBytes, gtt / report.peakBytes].map((share) => share.toFixed(3)), ["0.600", "1.100"]);
});

testWith(["run", "read"], "replay --policy chooses the order of eviction", async () => {
  const evictions = async (policy: string) => {
    const output = await succeed("--workload=texture-streaming", "--contents=stamps", "--policy", policy, "--json");
    const { device, evictions } = JSON.parse(output);
    assertEquals(device.policy, policy);
    return evictions;
  };
  assert(await evictions("mru") !== await evictions("lru"));
});

testWith(["run", "read"], "replay --driver and --manager choose the parts", async () => {
  const output = await succeed("--workload=texture-streaming", "--driver=cma-sim", "--manager", "first-fit-evict");
  assertMatch(output, / on cma-sim with [^\n]* CMA \+ [^\n]* IOMMU, first-fit-evict, stamps\n/);
  assertMatch(output, /^ {2}bytes bound +\d/m);
});

testWith(["run", "read"], "replay --seed seeds the random workloads", async () => {
  const runs = await Promise.all(
    ["1", "1", "7"].map((seed) => succeed("--json", "--workload=moe-decode", "--seed", seed)),
  );
  assertEquals(runs[0], runs[1]);
  assert(runs[0] !== runs[2]);
});

testWith(["run", "read"], "replay --help lists options, drivers, managers and workloads", async () => {
  const help = await succeed("--help", "--json");
  const words =
    "--workload --vram --gtt --driver --manager --policy --contents --seed --verify --json radeon-sim cma-sim range-scan first-fit";
  for (const word of [...words.split(" "), "phi3-decode", "texture-streaming", "moe-decode"]) {
    assert(help.includes(word), word);
  }
});

testWith(["run", "read"], "replay refuses wrong arguments in one line", async () => {
  await Promise.all([
    assertRefused(/--nope/, "--nope"),
    assertRefused(/stray/, "stray"),
    assertRefused(/--vram/, "--vram"),
    assertRefused(/--json/, "--json=1"),
    assertRefused(/"no-such-file": no such file, and not one of phi3-decode,/, "--workload", "no-such-file"),
    assertRefused(/it is a folder/, "--workload", "."),
    assertRefused(/constructor/, "--workload", "constructor"),
    assertRefused(/driver "x": choose one of radeon-sim/, "--driver", "x"),
    assertRefused(/manager "x": choose one of range, range-scan, first-fit,/, "--manager", "x"),
    assertRefused(/--contents "x": choose bytes or stamps/, "--contents", "x"),
  ]);
});

testWith(["run", "read"], "replay refuses invalid sizes and seeds", async () => {
  for (const option of ["--vram", "--gtt"]) {
    const sizes = ["0", "-1", "1e300", "half", "0%", "", "99999999999999999999G"];
    await Promise.all(
      sizes.map((size) => assertRefused(new RegExp(`Cannot use ${option} "${size}"`), `${option}=${size}`)),
    );
  }
  await Promise.all(["-1", "1.5", "", "one", "12345678901"].map((seed) => assertRefused(/--seed/, `--seed=${seed}`)));
});

testFiles("replay accepts files, plain and gzip'd", async (file) => {
  const plain = traceFile(LINES);
  for (const bytes of [plain, await gzip(plain)]) {
    const report = JSON.parse(await succeed("--workload", await file(bytes), "--json", "--verify", "--vram=100%"));
    const { workload, events, jobs, peakBytes, bytesCleared, losses } = report;
    assertEquals([workload, events, jobs, peakBytes, bytesCleared, losses], ["test", 3, 1, 8192, 8192, []]);
  }
});

testFiles("replay refuses files that it cannot replay, and names the line", async (file) => {
  const refuse = async (line: number, bytes: Uint8Array) => {
    const path = await file(bytes);
    const position = `${path}:${line}: Cannot `.replaceAll(/[\\.]/g, "\\$&");
    await assertRefused(new RegExp(`^${position}`), "--workload", path);
  };
  const alloc = (bytes: number) => traceFile([HEADER, ALLOC, `{"t":0,"op":"alloc","id":2,"bytes":${bytes}}`, USE]);
  await Promise.all([
    refuse(1, new Uint8Array()),
    refuse(1, traceFile([ALLOC, USE])),
    refuse(3, traceFile([HEADER, ALLOC, "{oops", USE])),
    refuse(2, traceFile([HEADER, USE, ALLOC])),
    refuse(5, traceFile([...LINES, FREE])),
    refuse(3, alloc(0)),
    refuse(3, alloc(-1)),
    refuse(3, alloc(1.5)),
    refuse(3, alloc(1e300)),
  ]);
});

testFiles("replay refuses a truncated gzip'd file, and names the line where it ends", async (file) => {
  const uses = Array.from({ length: 5000 }, (_, at) => ({ ...USE, t: at * 7919 % 1e6 + at * 1e6 }));
  const whole = await gzip(traceFile([HEADER, ALLOC, ...uses]));
  const path = await file(whole.subarray(0, whole.length / 2));
  const { status, stdout, stderr } = await run("--workload", path);
  assertEquals([status, stdout], [2, ""]);
  assertMatch(stderr, /^[^\n]*\.jsonl:\d+: Cannot read the file any further: [^\n]*cut short[^\n]*\n$/);
  const line = Number(/:(\d+): /.exec(stderr)?.[1]);
  assert(line > 1000 && line < 4000, `line ${line}`);
});

testWith(["run", "read", "write"], "--chrome writes a trace with every eviction of the report", async () => {
  const file = Deno.makeTempFileSync();
  try {
    const report = JSON.parse(await succeed("--workload=texture-streaming", "--json", "--chrome", file));
    const events = readTrace(Deno.readTextFileSync(file));
    const evictions = events.filter(({ ph, cat }) => ph === "X" && cat === "eviction");
    assert(report.evictions > 0);
    assertEquals(evictions.filter(({ args }) => args.from.startsWith("vram")).length, report.evictions);
    assertEquals(lastCounters(events)["memory vram"], report.vramFinalBytes);
  } finally {
    Deno.removeSync(file);
  }
});
