/**
 * Checks that imports run one way: between the rooms of the core, and between packages only by their names.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { runCommand } from "../command.ts";
import { readMembers } from "../members.ts";
import { readImports } from "./imports.ts";
import { findFaults, ROOMS } from "./rooms.ts";

await runCommand({
  help:
    `Reads the imports of all packages, types included, and refuses circles, imports from a room of the core to a later
one (${ROOMS.join(", ")}), and imports of other packages but by their names.

Usage: deno task rooms

  --help

Exit status: 0 all is in order, 1 something is not.`,
  options: {},
  run() {
    const members = readMembers();
    const imports = readImports(members);
    const faults = findFaults(imports, members.map(({ folder }) => folder));
    for (const fault of faults) console.error(fault);
    if (faults.length === 0) console.log(`${imports.size} sources: no circle, and every import runs downwards`);
    return faults.length === 0 ? 0 : 1;
  },
});
