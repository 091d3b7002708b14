import { groups } from "./groups.ts";
import { mapping } from "./mapping.ts";
import { memory } from "./memory.ts";
import { moves } from "./moves.ts";
import { objects } from "./objects.ts";
import type { Row } from "./rows.ts";
import { space } from "./space.ts";

/** The functions of the original, by area. */
export const areas: Readonly<Record<string, readonly Row[]>> = {
  "Buffers, reservations, fences": objects,
  "Placement, space, order": space,
  "Moves and host pages": moves,
  "Memory, swapping, devices": memory,
  "Mapping and clients": mapping,
  "Groups": groups,
};

/** The tables as they stand in the README of the core. */
export function markdown(): string {
  const sections = Object.entries(areas).map(([area, rows]) => {
    const lines = rows.map(({ original, ours, file, testFile, test }) => {
      const names = original.split(", ").map((name) => name.replace(/^[\w]+/, "`$&`")).join(", ");
      return `| ${names} | ${ours} | [${file}](${file}) | [${test}](${testFile}) |`;
    });
    return [`### ${area}`, "", "| original | here | in | test |", "| --- | --- | --- | --- |", ...lines].join("\n");
  });
  return sections.join("\n\n");
}
