import { assertEquals, assertMatch } from "@std/assert";
import { readBoTrace } from "@ttm/import";
import { RECORDINGS } from "../import/testing_recordings.ts";
import { testWith } from "../tests/permissions.ts";

async function run(command: string, ...args: string[]) {
  const cli = new URL(command, import.meta.url).href;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--no-prompt", cli, ...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  return { status: code, stdout, stderr: new TextDecoder().decode(stderr) };
}

function testFiles(name: string, fn: (pathOf: (name: string, contents?: Uint8Array) => string) => Promise<void>): void {
  testWith(["run", "read", "write"], name, async () => {
    const folder = Deno.makeTempDirSync();
    try {
      await fn((name, contents = RECORDINGS[name] as Uint8Array) => {
        Deno.writeFileSync(`${folder}/${name}`, contents);
        return `${folder}/${name}`;
      });
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  });
}

testFiles("import writes a recording as bo-trace, and says if it has no uses", async (pathOf) => {
  const wsim = await run("./import_cli.ts", pathOf("demo.wsim"));
  assertEquals([wsim.status, wsim.stderr], [0, ""]);
  assertEquals((await readBoTrace("out", wsim.stdout)).events.length, 7);
  const snapshot = await run("./import_cli.ts", pathOf("snapshot.pickle"));
  assertMatch(snapshot.stderr, /^[^\n]*snapshot\.pickle: it has no uses of buffers[^\n]*--assume-use[^\n]*\n$/);
  assertEquals((await readBoTrace("out", snapshot.stdout)).events.length, 4);
  const assumed = await run("./import_cli.ts", pathOf("snapshot.pickle"), "--assume-use");
  assertEquals([assumed.status, assumed.stderr], [0, ""]);
  assertEquals((await readBoTrace("out", assumed.stdout)).name, "snapshot (uses assumed)");
});

testFiles("import refuses wrong arguments and wrong files in one line, and writes nothing", async (pathOf) => {
  const pickle = RECORDINGS["snapshot.pickle"] as Uint8Array;
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [/^Cannot import: name a FILE$/],
    [/^Cannot use --lifetimes with --assume-use/, pathOf("rmm.csv"), "--lifetimes", "--assume-use"],
    [/^Cannot use --device "x"/, pathOf("rmm.csv"), "--device", "x"],
    [/cut\.pickle: byte \d+: Cannot read the pickle: it is cut short$/, pathOf("cut.pickle", pickle.slice(0, 200))],
    [/none\.bin:1: Cannot tell the format/, pathOf("none.bin", new Uint8Array(9))],
    [/no such file/, "no/such/file"],
  ];
  for (const [message, ...args] of cases) {
    const { status, stdout, stderr } = await run("./import_cli.ts", ...args);
    assertEquals([status, stdout.length], [2, 0], stderr);
    assertMatch(stderr, /^[^\n]+\n$/);
    assertMatch(stderr.trimEnd(), message);
  }
});

testFiles("replay takes recordings of every format, and its report names what is not recorded", async (pathOf) => {
  const nameOf = async (...args: string[]) => {
    const { status, stdout, stderr } = await run("./cli.ts", "--vram=100%", "--json", "--workload", ...args);
    assertEquals(status, 0, stderr);
    return JSON.parse(new TextDecoder().decode(stdout)).workload;
  };
  for (const name of ["demo.wsim", "ftrace.txt", "demo.jsonl"]) {
    assertEquals(await nameOf(pathOf(name)), name.replace(/\..*/, ""));
  }
  for (const name of ["snapshot.pickle", "rmm.csv", "chrome.json", "demo.rmv"]) {
    const title = name.replace(/\..*/, "");
    assertEquals(await nameOf(pathOf(name), "--lifetimes"), `${title} (lifetimes only)`);
    assertEquals(await nameOf(pathOf(name), "--assume-use"), `${title} (uses assumed)`);
  }
});

testWith(["run", "read"], "options of recordings are refused with a shipped workload", async () => {
  const { status, stderr } = await run("./cli.ts", "--assume-use");
  assertEquals([status, stderr], [2, "Cannot use --assume-use with a shipped workload: it is for recordings\n"]);
});
