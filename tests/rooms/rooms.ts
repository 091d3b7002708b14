import type { Imports } from "./imports.ts";

/** The folders of `core/`, lowest first: each imports from itself and from those before it. */
export const FOLDERS: readonly string[] = [
  "base",
  "lock",
  "time",
  "groups",
  "contract",
  "state",
  "memory",
  "place",
  "submit",
  "inspect",
  "api",
];

/**
 * Describes each import that breaks a rule, in one line.
 *
 * @param packages The folders of the packages, each with a slash at its end; `""` for the root comes last.
 */
export function findFaults(imports: Imports, packages: readonly string[]): string[] {
  return [
    ...[...imports].flatMap(([from, targets]) => targets.flatMap((to) => arrowFault(from, to, packages))),
    ...cycles(imports).map((cycle) => `cycle: ${cycle.join(" → ")}`),
  ];
}

function arrowFault(from: string, to: string, packages: readonly string[]): string[] {
  const [home, target] = [packageOf(from, packages), packageOf(to, packages)];
  if (home !== target) return [`${from} imports ${to}: import another package by its name`];
  if (home !== "core/" || from === "core/mod.ts") return [];
  const [fromFolder, toFolder] = [folderOf(from), folderOf(to)];
  for (const [file, folder] of [[from, fromFolder], [to, toFolder]] as const) {
    if (!FOLDERS.includes(folder)) return [`${file} is not in a known folder: core/ has ${FOLDERS.join(", ")}`];
  }
  if (FOLDERS.indexOf(fromFolder) >= FOLDERS.indexOf(toFolder)) return [];
  return [`${from} imports ${to}: the folder ${fromFolder} comes before ${toFolder}`];
}

function packageOf(path: string, packages: readonly string[]): string {
  return packages.find((folder) => path.startsWith(folder)) ?? "";
}

function folderOf(path: string): string {
  const [, folder = "", file] = path.split("/");
  return file === undefined ? "" : folder;
}

/** Every cycle of imports; its first file is named again at the end. */
export function cycles(imports: Imports): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of imports.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return found;
}
