import { assert, assertEquals, assertMatch } from "@std/assert";
import { missing, type Obstacle, testUnless, testWith } from "../permissions.ts";
import { findKernel } from "./recorder/kernel.ts";
import { readLines } from "./recorder/trace_files.ts";
import { profileOf, PROFILES } from "./recorder/profiles.ts";

const PERMISSIONS = ["run", "read"] as const;
const CLI = new URL("./fuzz.ts", import.meta.url).pathname;
const NOWHERE = "no-such-kernel";

function withoutKernel(): Obstacle {
  return missing("run", "read", "write", "env") ??
    (findKernel() === undefined ? "needs the kernel of deno task oracle:build" : undefined);
}

async function run(args: string[], env: Record<string, string> = {}, program = CLI) {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-write", "--allow-run", "--allow-env=TTM_RECORDER", program, ...args],
    stdin: "null",
    env: { NO_COLOR: "1", ...env },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

for (const [name, program] of [["fuzz", CLI], ["record", CLI.replace("fuzz.ts", "recorder/cli.ts")]] as const) {
  testWith(PERMISSIONS, `oracle:${name} --help prints its options and does nothing`, async () => {
    const { status, stderr, stdout } = await run(["--help"], { TTM_RECORDER: NOWHERE }, program);
    assertEquals([status, stderr], [0, ""]);
    for (const word of ["--family", "--seeds", "--ops", "--profile", "--out", ...Object.keys(PROFILES)]) {
      assert(stdout.includes(word), word);
    }
  });
}

/** Lines of the traces of a family that the fuzzer records first. */
async function linesOfKnownTraces(family: string): Promise<number> {
  let lines = 0;
  const folder = new URL("./traces/", import.meta.url);
  for await (const { name } of Deno.readDir(folder)) {
    if (name.startsWith(`${family}-`)) lines += (await readLines(new URL(name, folder))).length;
  }
  return lines;
}

const ASKED = ["--family", "ttmf", "--seeds", "1-2"];
const refused: readonly (readonly [message: RegExp, args: string[], program?: string])[] = [
  [/--nope/, ["--nope"]],
  [/stray/, [...ASKED, "stray"]],
  [/without --family/, ["--seeds", "1"]],
  [/without --seeds/, ["--family", "ttm"]],
  [/--family "slab": choose one of ttm, ttmf/, ["--family", "slab", "--seeds", "1"]],
  [/--family "toString"/, ["--family", "toString", "--seeds", "1"]],
  [/--seeds "7-3"/, ["--family", "ttm", "--seeds", "7-3"]],
  [/--seeds "0"/, ["--family", "ttm", "--seeds", "0"]],
  [/--seeds "x"/, ["--family", "ttm", "--seeds", "x"]],
  [/--ops "many": give a number from 1/, [...ASKED, "--ops", "many"]],
  [/--ops "0"/, [...ASKED, "--ops", "0"]],
  [/--profile "f": choose one of f1-vram-sys/, [...ASKED, "--profile", "f"]],
  [/not built.*deno task oracle:build/, ASKED],
  [/not built.*deno task oracle:build/, ["--check", CLI], "record"],
  [/either files or/, ["--check"], "record"],
  [/without --out/, ["script.jsonl"], "record"],
  [/--check with more than files/, ["--check", "--out", "x", "trace.jsonl"], "record"],
];

testWith(PERMISSIONS, "wrong arguments and a missing kernel are reported in one line, with status 2", async () => {
  for (const [message, args, program] of refused) {
    const file = program === undefined ? CLI : CLI.replace("fuzz.ts", "recorder/cli.ts");
    const { status, stderr, stdout } = await run(args, { TTM_RECORDER: NOWHERE }, file);
    assertEquals([status, stdout], [2, ""], stderr);
    assertMatch(stderr, /^[^\n]+\n$/, "one line, so no stack trace either");
    assertMatch(stderr, message);
  }
});

testUnless(withoutKernel(), "kernel and core agree on a seed, and the fuzzer says so", async () => {
  const { status, stderr, stdout } = await run(["--family", "mm", "--seeds", "1-2", "--ops", "50"]);
  assertEquals([status, stderr], [0, ""]);
  assertMatch(stdout, /^2 seeds, 100 operations, .*: 0 differ\n$/);
});

testUnless(withoutKernel(), "a kernel that ends before the trace does has failed, and the fuzzer says so", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/kernel`;
    const lines = await linesOfKnownTraces("buddy");
    await Deno.writeTextFile(file, `#!/bin/sh\nsed -u ${lines + 8}q | exec "${findKernel()}" "$@"\n`, { mode: 0o755 });
    const args = ["--family", "buddy", "--seeds", "1-2", "--ops", "20"];
    const { status, stdout } = await run(args, { TTM_RECORDER: file });
    assertEquals(status, 2, stdout);
    assertMatch(stdout, /^buddy seed 1 \([^)]+\): the recorder failed after 7 operations: the process ended\n1 seeds/);
    assertMatch(stdout, /: 0 differ, 1 not recorded to the end\n$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const [symptom, script, message] of [
    ["answers nonsense", `while read -r line; do echo '"ret":0'; done`, /it gives line 2 of mm-seed-\d+\.jsonl\.gz/],
    ["ends", "exit", /the process ended/],
  ] as const
) {
  testWith(["run", "read", "write"], `a program that ${symptom} is not accepted as the kernel`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const file = `${folder}/kernel`;
      await Deno.writeTextFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      for (const family of ["mm", "ttmx"]) {
        const { status, stderr, stdout } = await run(["--family", family, "--seeds", "1"], { TTM_RECORDER: file });
        assertEquals([status, stdout], [2, ""]);
        assertMatch(stderr, /^Cannot use this kernel: [^\n]+\n$/);
        if (family === "mm") assertMatch(stderr, message);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("every profile can be asked for by its name", () => {
  for (const [family, profiles] of Object.entries(PROFILES)) {
    for (const profile of profiles) assertEquals(profileOf(family, 1, profile.name), profile);
  }
});
