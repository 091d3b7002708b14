import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { TtmError } from "@ttm/core";
import guide from "./AUTHORING.md" with { type: "text" };
import type { Origin } from "./origin.ts";
import { partName, startingPoint } from "./starting_point.ts";

const JSR: Origin = { from: "jsr", versions: "^1.2.0", links: {}, project: null };

Deno.test("a part's name gives the names of its package, file and function", () => {
  for (const name of ["my-gpu-2", "my_gpu_2", "my-gpu_2"]) {
    const expected = { kind: "driver", name: "my-gpu-2", file: "my_gpu_2", identifier: "myGpu2Driver" };
    assertEquals(partName("driver", name), expected);
  }
  assertEquals(partName("store", "new").identifier, "newStore");
});

Deno.test("an invalid name of a part is refused", () => {
  const bad = ["", "My", "2d", "a b", "../up", "a--b", "a-_b", "-", "a-", "é", "a\n", "a".repeat(25), 7, null];
  for (const name of bad) {
    const start = "Cannot start a driver: its name must be lower-case letters, digits";
    assertEquals(assertThrows(() => partName("driver", name), TtmError, start).code, "EINVAL");
  }
  for (const name of ["mod", "test"]) {
    assertThrows(() => partName("store", name), TtmError, `Cannot start a store: the name "${name}" would hide`);
  }
});

Deno.test("an unknown kind of part is refused", () => {
  for (const kind of ["gpu", "Driver", "constructor", undefined]) {
    assertThrows(() => partName(kind, "x"), TtmError, 'the kind must be one of "driver", "manager", "store"');
  }
});

for (const kind of ["driver", "manager", "store"] as const) {
  Deno.test(`a new ${kind} is the guide's example with its own name everywhere`, () => {
    const files = startingPoint(partName(kind, "my-own"), { guide, scope: "@me", origin: JSR });
    assertEquals([...files.keys()], ["README.md", "deno.json", "mod.ts", "my_own.ts", "my_own_test.ts"]);
    const text = [...files.values()].join("\n");
    assert(!/tiny.?card|page.?map|small.?shelf/i.test(text), text);
    const code = files.get("my_own.ts") ?? "";
    assert(code.includes(`export function myOwn${kind.charAt(0).toUpperCase()}${kind.slice(1)}(`), code);
    assert(code.includes('name: "my-own"'), code);
    const { name, imports } = JSON.parse(files.get("deno.json") ?? "");
    const firstFit = kind === "driver" ? { "@ttm/first-fit": "jsr:@ttm/first-fit@^1.2.0" } : {};
    const others = { "@ttm/core": "jsr:@ttm/core@^1.2.0", ...firstFit, "@ttm/testing": "jsr:@ttm/testing@^1.2.0" };
    assertEquals([name, imports], ["@me/my-own", others]);
  });

  Deno.test(`a new ${kind} for npm has a package.json, and tests for Node's test runner`, () => {
    const files = startingPoint(partName(kind, "my-own"), { guide, scope: "@me", origin: { ...JSR, from: "npm" } });
    assertEquals([...files.keys()], ["README.md", "package.json", "mod.ts", "my_own.ts", "my_own_test.ts"]);
    const { name, type, dependencies, devDependencies } = JSON.parse(files.get("package.json") ?? "");
    const firstFit = kind === "driver" ? { "@ttm/first-fit": "^1.2.0" } : {};
    const others = { ...firstFit, "@ttm/testing": "^1.2.0" };
    assertEquals([name, type, dependencies], ["@me/my-own", "module", { "@ttm/core": "^1.2.0" }]);
    assertEquals(devDependencies, others);
    assert(![...files.values()].some((text) => /Deno|deno/.test(text)));
    assertMatch(files.get("my_own_test.ts") ?? "", /^import { test } from "node:test";$/m);
  });
}

Deno.test("a new part links to local folders of packages only where it is told to", () => {
  const links = { "@ttm/core": "../ttm/core", "@ttm/buddy": "../ttm/managers/buddy", "@ttm/testing": "../ttm/kit" };
  const files = startingPoint(partName("store", "my-own"), { guide, scope: "@me", origin: { ...JSR, links } });
  assertEquals(JSON.parse(files.get("deno.json") ?? "").links, ["../ttm/core", "../ttm/kit"]);
});
