import { assert, assertEquals, assertMatch } from "@std/assert";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testWith } from "../permissions.ts";
import { ScratchWorkspace } from "./testing_workspace.ts";

const NEEDED = ["read", "write", "run"] as const;
const GATE = [["fmt", "--check"], ["lint"], ["check"], ["test", "--doc", "--quiet"]];

async function passesTheGate(scratch: ScratchWorkspace, args: string[], cwd: string): Promise<void> {
  for (const command of GATE) {
    const { code, out, err } = await scratch.deno([...command, ...args], cwd);
    assertEquals(code, 0, `deno ${command.join(" ")} says:\n${out}${err}`);
  }
}

for (const kind of ["driver", "manager", "store"] as const) {
  for (const name of ["my_new", "a-name-of-24-characters1"]) {
    testWith(NEEDED, `a new ${kind} named ${name} in the workspace passes the gate as it is`, async () => {
      using scratch = new ScratchWorkspace();
      const folder = `${kind}s/${name.replaceAll("-", "_")}`;
      const before = scratch.read("deno.json");
      const { code, out, err } = await scratch.start(kind, name);
      assertEquals([code, err], [0, ""]);
      assert(out.endsWith(`Now: deno test ${folder}\n`), out);
      assertEquals(
        scratch.read("deno.json"),
        before.replace(`"./tests/kit"\n`, `"./tests/kit",\n    "./${folder}"\n`),
      );
      assertEquals(JSON.parse(scratch.read(`${folder}/deno.json`)).name, `@ttm/${name.replaceAll("_", "-")}`);
      await passesTheGate(scratch, [folder], scratch.root);
      assertEquals((await scratch.deno(["fmt", "--check", "deno.json"])).code, 0);
    });
  }

  testWith(NEEDED, `a new ${kind} outside the workspace passes the gate as it is`, async () => {
    using scratch = new ScratchWorkspace();
    const folder = scratch.outside("mine");
    const { code, err } = await scratch.start(kind, "my-own", "--to", folder, "--scope", "@me");
    assertEquals([code, err], [0, ""]);
    const text = readFileSync(join(folder, "deno.json"), "utf8");
    const settings = JSON.parse(text);
    assertEquals([settings.name, settings.imports["@ttm/core"]], ["@me/my-own", "jsr:@ttm/core@^0.1.0"]);
    assertEquals((await scratch.deno(["fmt", "--check"], folder)).code, 0);
    // In place of the published packages.
    const links = ["core", "managers/first_fit", "tests/kit"].map((member) => join(scratch.root, member));
    writeFileSync(join(folder, "deno.json"), `${JSON.stringify({ ...settings, links, lock: false }, null, 2)}\n`);
    await passesTheGate(scratch, [], folder);
  });
}

testWith(NEEDED, "what cannot be started is refused with its reason, and nothing is written", async () => {
  using scratch = new ScratchWorkspace();
  scratch.write("drivers/here/README.md", "mine\n");
  const before = [scratch.read("deno.json"), readdirSync(scratch.root, { recursive: true }).length];
  const away = scratch.outside("away");
  const cases: readonly [string[], RegExp][] = [
    [[], /^Cannot start a part: give a KIND and a NAME/],
    [["driver"], /give a KIND and a NAME/],
    [["driver", "a", "b"], /give a KIND and a NAME/],
    [["gpu", "x"], /the kind must be one of "driver", "manager", "store", not "gpu"/],
    [["constructor", "x"], /the kind must be one of/],
    ...["", "My", "2d", "a b", "../up", "a--b", "-", "a-", "é", "a".repeat(25)].map((name): [string[], RegExp] => [
      ["driver", "--", name],
      /^Cannot start a driver: its name must be lower-case letters, digits/,
    ]),
    [["driver", "mod"], /^Cannot start a driver: the name "mod" would hide/],
    [["store", "test"], /^Cannot start a store: the name "test" would hide/],
    [["driver", "here"], /^Cannot start driver "here": drivers\/here exists already/],
    [["driver", "first_fit"], /managers\/first_fit is named @ttm\/first-fit already/],
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
  assertEquals([scratch.read("deno.json"), readdirSync(scratch.root, { recursive: true }).length], before);
  assertEquals(readdirSync(scratch.outside(".")), ["workspace"]);
});

testWith(NEEDED, "outside the workspace of @ttm a folder has to be named", async () => {
  using scratch = new ScratchWorkspace();
  const { code, err } = await scratch.deno(
    ["run", "--allow-read", "--allow-write", join(scratch.root, "tests/kit/new.ts"), "driver", "x"],
    scratch.outside("."),
  );
  assertEquals(code, 2);
  assertMatch(err, /^Cannot start driver "x": this folder is not the workspace of @ttm; name a new folder with --to/);
});

testWith(NEEDED, "--help tells how it is used, and writes nothing", async () => {
  using scratch = new ScratchWorkspace();
  const { code, out, err } = await scratch.start("--help");
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /Usage: new KIND NAME/);
});
