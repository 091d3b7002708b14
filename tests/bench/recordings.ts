import { readBoTrace, type Workload } from "@ttm/replay";
import { pathToFileURL } from "node:url";
import { missing, type Obstacle } from "../permissions.ts";

/** The folder of workloads recorded by others, which do not come with the project. */
function folder(): URL {
  const path = missing("env") === undefined ? Deno.env.get("TTM_TRACES") : undefined;
  return path === undefined ? new URL("../../../shared/traces/", import.meta.url) : pathToFileURL(`${path}/`);
}

/** Reads a recording by its name; or says what is in the way. */
export async function readRecording(name: string): Promise<Workload | NonNullable<Obstacle>> {
  const obstacle = missing("read");
  if (obstacle !== undefined) return "needs --allow-read";
  try {
    return await readBoTrace(name, await Deno.readFile(new URL(`${name}.jsonl.gz`, folder())));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "not there, TTM_TRACES may name its folder";
    throw error;
  }
}
