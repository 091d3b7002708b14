import { assertEquals } from "@std/assert";
import { readMembers } from "../members.ts";
import { testWith } from "../permissions.ts";
import { readImports } from "./imports.ts";
import { findFaults } from "./rooms.ts";

const PACKAGES = ["core/", "managers/buddy/", ""];

function faults(imports: Record<string, string[]>): string[] {
  return findFaults(new Map(Object.entries(imports)), PACKAGES);
}

Deno.test("imports from a room to itself and to those before it are in order", () => {
  assertEquals(
    faults({
      "core/mod.ts": ["core/api/device.ts", "core/base/errors.ts"],
      "core/api/device.ts": ["core/api/client.ts", "core/base/errors.ts"],
      "core/base/errors.ts": [],
    }),
    [],
  );
});

Deno.test("an import from a room to a later one is named with both rooms", () => {
  assertEquals(faults({ "core/base/errors.ts": ["core/state/wait.ts"] }), [
    "core/base/errors.ts imports core/state/wait.ts: the room base comes before state",
  ]);
});

Deno.test("a source of the core outside the rooms is named", () => {
  assertEquals(faults({ "core/api/device.ts": ["core/helpers.ts"] }).length, 1);
  assertEquals(faults({ "core/attic/old.ts": ["core/base/errors.ts"] }).length, 1);
});

Deno.test("a circle is shown with its path, whichever file it is met from", () => {
  assertEquals(
    faults({
      "core/api/a.ts": ["core/base/b.ts"],
      "core/base/b.ts": ["core/base/c.ts"],
      "core/base/c.ts": ["core/base/b.ts"],
    }),
    ["circle: core/base/b.ts → core/base/c.ts → core/base/b.ts"],
  );
});

Deno.test("a relative import of another package is named", () => {
  assertEquals(faults({ "managers/buddy/buddy.ts": ["core/mod.ts"], "mod.ts": ["core/mod.ts"] }), [
    "managers/buddy/buddy.ts imports core/mod.ts: import another package by its name",
    "mod.ts imports core/mod.ts: import another package by its name",
  ]);
});

testWith(["read", "run"], "the packages keep to the rooms", () => {
  const members = readMembers();
  assertEquals(findFaults(readImports(members), members.map(({ folder }) => folder)), []);
});
