import { assertEquals } from "@std/assert";
import { readMembers } from "../members.ts";
import { testWith } from "../permissions.ts";
import { readImports } from "./imports.ts";
import { findFaults } from "./rooms.ts";

const PACKAGES = ["core/", "managers/buddy/", ""];

function faults(imports: Record<string, string[]>): string[] {
  return findFaults(new Map(Object.entries(imports)), PACKAGES);
}

Deno.test("imports inside a folder of core and from earlier folders are allowed", () => {
  assertEquals(
    faults({
      "core/mod.ts": ["core/api/device.ts", "core/base/errors.ts"],
      "core/api/device.ts": ["core/api/client.ts", "core/base/errors.ts"],
      "core/base/errors.ts": [],
    }),
    [],
  );
});

Deno.test("an import from a later folder of core is reported with both folders", () => {
  assertEquals(faults({ "core/base/errors.ts": ["core/state/wait.ts"] }), [
    "core/base/errors.ts imports core/state/wait.ts: the folder base comes before state",
  ]);
});

Deno.test("a source of core outside the known folders is reported", () => {
  assertEquals(faults({ "core/api/device.ts": ["core/helpers.ts"] }).length, 1);
  assertEquals(faults({ "core/attic/old.ts": ["core/base/errors.ts"] }).length, 1);
});

Deno.test("an import cycle is reported with its path, from whichever file it is found", () => {
  assertEquals(
    faults({
      "core/api/a.ts": ["core/base/b.ts"],
      "core/base/b.ts": ["core/base/c.ts"],
      "core/base/c.ts": ["core/base/b.ts"],
    }),
    ["cycle: core/base/b.ts → core/base/c.ts → core/base/b.ts"],
  );
});

Deno.test("a relative import of another package is reported", () => {
  assertEquals(faults({ "managers/buddy/buddy.ts": ["core/mod.ts"], "mod.ts": ["core/mod.ts"] }), [
    "managers/buddy/buddy.ts imports core/mod.ts: import another package by its name",
    "mod.ts imports core/mod.ts: import another package by its name",
  ]);
});

testWith(["read", "run"], "the packages of this repository import in the allowed directions", () => {
  const members = readMembers();
  assertEquals(findFaults(readImports(members), members.map(({ folder }) => folder)), []);
});
