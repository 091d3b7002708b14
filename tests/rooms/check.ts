// deno-lint-ignore-file no-console -- this is a command
// Checks that imports run one way: between the rooms of the core, and between packages only by their names.
import { readMembers } from "../members.ts";
import { readImports } from "./imports.ts";
import { findFaults } from "./rooms.ts";

const members = readMembers();
const imports = readImports(members);
const faults = findFaults(imports, members.map(({ folder }) => folder));
for (const fault of faults) console.error(fault);
if (faults.length > 0) Deno.exit(1);
console.log(`${imports.size} sources: no circle, and every import runs downwards`);
