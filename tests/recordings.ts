import { readBoTrace, type Workload } from "@ttm/replay";
import { pathToFileURL } from "node:url";
import { missing, type Obstacle } from "./permissions.ts";

/** The folder of workloads recorded by others, which do not come with the project. */
function folder(): URL {
  const variable = "TTM_TRACES";
  const mayRead = Deno.permissions.querySync({ name: "env", variable }).state === "granted";
  const path = mayRead ? Deno.env.get(variable) : undefined;
  return path === undefined ? new URL("../../shared/traces/", import.meta.url) : pathToFileURL(`${path}/`);
}

/** The names of the recordings, if there is nothing in the way of reading them. */
export function findRecordings(): { readonly names: readonly string[]; readonly obstacle: Obstacle } {
  const permission = missing("read");
  if (permission !== undefined) return { names: [], obstacle: permission };
  try {
    const names = [...Deno.readDirSync(folder())].map(({ name }) => name).filter((name) => name.endsWith(".jsonl.gz"));
    return { names: names.sort(), obstacle: names.length === 0 ? "the folder holds no recordings" : undefined };
  } catch {
    return { names: [], obstacle: "the recordings are not here, TTM_TRACES may name their folder" };
  }
}

/** Reads one of {@linkcode findRecordings}. */
export async function readRecording(name: string): Promise<Workload> {
  return await readBoTrace(name, await Deno.readFile(new URL(name, folder())));
}
