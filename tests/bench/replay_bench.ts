import { replay, type Workload, workloads } from "@ttm/replay";
import { findRecordings, readRecording } from "../recordings.ts";
import { benchRows, type Row, type Variant } from "./variant.ts";

/** Events of a workload through a simulated GPU with half the VRAM that it needs; contents are stamps. */
function replayed(workload: Workload, manager: string): Variant {
  return {
    name: manager,
    operations: workload.events.length,
    prepare: () => async () => void await replay(workload, { manager, contents: "stamps" }),
  };
}

function row(workload: Workload): Row {
  return {
    name: `replay of ${workload.name}, for each event`,
    variants: [replayed(workload, "range"), replayed(workload, "buddy")],
    runs: 2,
  };
}

async function recorded(): Promise<Workload[]> {
  const { names, obstacle = "not among the recordings" } = findRecordings();
  const found = [];
  for (const name of ["igt-carchase", "llm-phi3-mini-decode"]) {
    const file = `${name}.jsonl.gz`;
    if (names.includes(file)) found.push(await readRecording(file));
    else Deno.bench({ name: `${name} (skipped: ${obstacle})`, group: "recordings", ignore: true, fn() {} });
  }
  return found;
}

const shipped = Object.values(workloads).map(({ make }) => make({ seed: 1 }));

/** Whole workloads: those that come with the project, and recordings where they are. */
export const REPLAY_ROWS: readonly Row[] = benchRows([...shipped, ...await recorded()].map(row));
