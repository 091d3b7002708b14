import type { Imports } from "./imports.ts";

/** The rooms of `core/`, from the ground up: each imports from itself and from those before it. */
export const ROOMS: readonly string[] = [
  "base",
  "lock",
  "time",
  "contract",
  "state",
  "memory",
  "place",
  "submit",
  "api",
];

/**
 * Says in one line each what the imports of the packages break; nothing if they are as they should be.
 *
 * @param packages Their folders, each with a slash at its end; `""` for the root comes last.
 */
export function findFaults(imports: Imports, packages: readonly string[]): string[] {
  return [
    ...[...imports].flatMap(([from, targets]) => targets.flatMap((to) => arrowFault(from, to, packages))),
    ...circles(imports).map((circle) => `circle: ${circle.join(" → ")}`),
  ];
}

function arrowFault(from: string, to: string, packages: readonly string[]): string[] {
  const [home, target] = [packageOf(from, packages), packageOf(to, packages)];
  if (home !== target) return [`${from} imports ${to}: import another package by its name`];
  if (home !== "core/" || from === "core/mod.ts") return [];
  const [fromRoom, toRoom] = [roomOf(from), roomOf(to)];
  for (const [file, room] of [[from, fromRoom], [to, toRoom]] as const) {
    if (!ROOMS.includes(room)) return [`${file} is in no room: core/ has ${ROOMS.join(", ")}`];
  }
  if (ROOMS.indexOf(fromRoom) >= ROOMS.indexOf(toRoom)) return [];
  return [`${from} imports ${to}: the room ${fromRoom} comes before ${toRoom}`];
}

function packageOf(path: string, packages: readonly string[]): string {
  return packages.find((folder) => path.startsWith(folder)) ?? "";
}

function roomOf(path: string): string {
  const [, room = "", file] = path.split("/");
  return file === undefined ? "" : room;
}

/** Every circle that a walk along the imports closes, its first file named again at the end. */
export function circles(imports: Imports): string[][] {
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
