import { assert, assertEquals, assertMatch } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { testWith } from "../permissions.ts";
import { ScratchWorkspace } from "./testing_workspace.ts";

const NEEDED = ["read", "write", "run"] as const;
const KINDS = ["driver", "manager", "store"] as const;

testWith(NEEDED, "new parts in the workspace pass the gate as they are", async () => {
  using scratch = new ScratchWorkspace();
  const folders = [];
  for (const kind of KINDS) {
    // The output for the longest name is formatted, too.
    for (const name of [`my_${kind}`, `a-${kind}-of-24-characters`.slice(0, 23) + "x"]) {
      const folder = `${kind}s/${name.replaceAll("-", "_")}`;
      const { code, out, err } = await scratch.start(kind, name);
      assertEquals([code, err], [0, ""]);
      assert(out.endsWith(`Now: deno test ${folder}\n`), out);
      assertEquals(JSON.parse(scratch.read(`${folder}/deno.json`)).name, `@ttm/${name.replaceAll("_", "-")}`);
      folders.push(folder);
    }
  }
  for (const command of [["fmt", "--check"], ["lint"], ["check"], ["test", "--doc", "--no-check", "--quiet"]]) {
    const { code, out, err } = await scratch.deno([...command, ...folders]);
    assertEquals(code, 0, `deno ${command.join(" ")} says:\n${out}${err}`);
    if (command[0] === "test") assert(Number(/(\d+) passed/.exec(out)?.[1]) > 100, out);
  }
});

testWith(
  NEEDED,
  "a new part becomes a member of the workspace, whose other settings are unchanged",
  async () => {
    using scratch = new ScratchWorkspace();
    const before = scratch.read("deno.json");
    await scratch.start("manager", "mine");
    const after = before.replace(`"./tests/kit"\n`, `"./tests/kit",\n    "./managers/mine"\n`);
    assertEquals(scratch.read("deno.json"), after);
    assertEquals((await scratch.deno(["fmt", "--check", "deno.json"])).code, 0);
  },
);

testWith(NEEDED, "new parts outside the workspace pass the suites as they are, without a registry", async () => {
  using scratch = new ScratchWorkspace();
  for (const kind of KINDS) {
    const folder = scratch.outside(kind);
    const { code, out, err } = await scratch.start(kind, "my-own", "--to", folder, "--scope", "@me");
    assertEquals([code, err], [0, ""]);
    assertEquals((await scratch.deno(["fmt", "--check"], folder)).code, 0);
    const settings = JSON.parse(readFileSync(join(folder, "deno.json"), "utf8"));
    assertEquals([settings.name, settings.imports["@ttm/core"]], ["@me/my-own", "jsr:@ttm/core@^0.1.0"]);
    assertMatch(out, /^It uses the packages of this checkout; [^\n]+\nNow: cd \S+ && deno test\n$/m);
    const tested = await scratch.deno(["test", "--quiet"], folder);
    assertMatch(tested.out, /ok \| \d\d passed \| 0 failed/, tested.out + tested.err);
  }
});

testWith(NEEDED, "an invalid part is refused with the reason, and nothing is written", async () => {
  using scratch = new ScratchWorkspace();
  scratch.write("drivers/here/README.md", "mine\n");
  const state = () => [scratch.read("deno.json"), ...readdirSync(scratch.outside("."), { recursive: true })];
  const before = state();
  const away = scratch.outside("away");
  const cases: readonly [string[], RegExp][] = [
    [[], /^Cannot start a part: give a KIND and a NAME/],
    [["driver", "a", "b"], /give a KIND and a NAME/],
    [["gpu", "x"], /the kind must be one of "driver", "manager", "store", not "gpu"/],
    [["driver", "../up"], /^Cannot start a driver: its name must be lower-case letters, digits/],
    [["driver", "here"], /^Cannot start driver "here": drivers\/here exists already/],
    [
      ["driver", "first_fit"],
      /^Cannot start driver "first-fit": .*managers\/first_fit is named @ttm\/first-fit already/,
    ],
    [["driver", "x", "--scope", "@me"], /--scope is for a package of its own/],
    [["driver", "x", "--to", away], /needs --scope, as in @me, and undefined is none/],
    [["driver", "x", "--to", away, "--scope", "me"], /needs --scope, as in @me, and "me" is none/],
    [["driver", "x", "--to", scratch.root, "--scope", "@me"], /workspace exists already/],
    [["driver", "x", "--wrong"], /--wrong/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await scratch.start(...args);
    assertEquals([code, out], [2, ""], `new ${args.join(" ")}: ${err}`);
    assertMatch(err, message);
  }
  assertEquals(state(), before);
});

testWith(NEEDED, "outside the workspace of @ttm --to is required", async () => {
  using scratch = new ScratchWorkspace();
  const command = ["run", "--allow-read", "--allow-write", join(scratch.root, "tests/kit/new.ts"), "driver", "x"];
  const { code, err } = await scratch.deno(command, scratch.outside("."));
  assertEquals(code, 2);
  assertMatch(err, /^Cannot start driver "x": this folder is not the workspace of @ttm; name a new folder with --to/);
});

testWith(NEEDED, "--help prints the usage", async () => {
  using scratch = new ScratchWorkspace();
  const { code, out, err } = await scratch.start("--help");
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /Usage: new KIND NAME/);
});
