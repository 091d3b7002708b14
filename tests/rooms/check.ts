/**
 * Checks that imports run one way: between the folders of the core, and between packages only by package name.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { runCommand } from "../command.ts";
import { readMembers } from "../members.ts";
import { readImports } from "./imports.ts";
import { findFaults, FOLDERS } from "./rooms.ts";

await runCommand({
  help:
    `Reads the imports of all packages, types included, and fails on cycles, on imports from a folder of the core to a later
one (${FOLDERS.join(", ")}), and on relative imports of other packages.

Usage: deno task rooms

  --help

Exit status: 0 no fault, 1 a fault.`,
  options: {},
  run() {
    const members = readMembers();
    const imports = readImports(members);
    const faults = findFaults(imports, members.map(({ folder }) => folder));
    for (const fault of faults) console.error(fault);
    if (faults.length === 0) {
      console.log(`${imports.size} sources: no cycle, and every import runs to the same or an earlier folder`);
    }
    return faults.length === 0 ? 0 : 1;
  },
});
