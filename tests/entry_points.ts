// Prints the entry points of all packages, for tasks that take files.
import process from "node:process";
import { entryFiles, readMembers } from "./members.ts";

process.stdout.write(readMembers().flatMap(entryFiles).join(" ") + "\n");
