import { PAGE_SIZE } from "@ttm/core";
import { lookahead } from "@ttm/policies";
import { policies } from "../parts.ts";
import { replay } from "../replay.ts";
import { readRecordingFile } from "../main.ts";
import { workloads } from "../workloads/mod.ts";
import type { Workload } from "@ttm/import";
import { belady } from "./belady.ts";
import { lowerBound } from "./lower_bound.ts";
import { type Figures, simulate } from "./model.ts";
import { patterns } from "./patterns.ts";
import { type Trace, traceOf } from "./trace.ts";

/** What one worker does at a time: a workload at all sizes with all policies. */
export interface Job {
  /** A pattern, a shipped workload or the path of a recording. */
  readonly source: string;
  /** Sizes of VRAM in percent of the workload's peak. */
  readonly sizes: readonly number[];
  /** Names of policies. */
  readonly policies: readonly string[];
  /** Seed of patterns and shipped workloads. */
  readonly seed: number;
  /** Managers with which the whole device is run; none: the model of one memory type alone. */
  readonly managers: readonly string[];
  /** In how many percent hints are right; without it there are none. */
  readonly hints: number | null;
  /** In which way they are wrong. */
  readonly wrong: string;
}

/** One line of the table. */
export interface Result {
  readonly workload: string;
  /** Percent of the peak. */
  readonly size: number;
  readonly policy: string;
  /** The manager of the device; `"model"` for the model of one memory type. */
  readonly manager: string;
  /** Bytes copied in and out. */
  readonly bytesMoved: number;
  /** Bytes moved with the best choice known, and the bytes that cannot be avoided. */
  readonly belady: number;
  readonly lowerBound: number;
  readonly hits: number;
  /** Uses that were no hits, fallbacks included. */
  readonly misses: number;
  /** Nanoseconds for each use; not the same each time. */
  readonly nsPerUse: number;
}

/** A hint names uses of so many times as many bytes as VRAM has: less, and what is left out is chosen without hints. */
export const AHEAD = 8;

/** Runs a job. */
export async function runJob(job: Job): Promise<Result[]> {
  const pattern = Object.hasOwn(patterns, job.source) ? patterns[job.source] : undefined;
  const workload = pattern === undefined ? await loadWorkload(job) : null;
  const trace = pattern?.(job.seed) ?? traceOf(workload as Workload);
  const results: Result[] = [];
  for (const size of job.sizes) {
    const room = Math.max(1, Math.ceil((trace.peak * size) / 100));
    const optimum = belady(trace, room);
    const common = {
      workload: trace.name,
      size,
      belady: optimum.bytesIn + optimum.bytesOut,
      lowerBound: lowerBound(trace, room),
    };
    for (const policy of job.policies) {
      if (job.managers.length === 0 || workload === null) {
        results.push({ ...common, policy, manager: "model", ...inModel(job, trace, room, policy) });
      } else {
        for (const manager of job.managers) {
          results.push({ ...common, policy, manager, ...await onDevice(workload, room, policy, manager) });
        }
      }
    }
  }
  return results;
}

async function loadWorkload({ source, seed }: Job): Promise<Workload> {
  const shipped = Object.hasOwn(workloads, source) ? workloads[source] : undefined;
  return shipped?.make({ seed }) ?? (await readRecordingFile(source, { lifetimes: true })).workload;
}

type Measured = Pick<Result, "bytesMoved" | "hits" | "misses" | "nsPerUse">;

function inModel({ hints, wrong, seed }: Job, trace: Trace, room: number, name: string): Measured {
  const uses = trace.steps.reduce((sum, step) => sum + ("uses" in step ? step.uses.length : 0), 0);
  const made = (policies[name] as () => ReturnType<typeof lookahead>)();
  const before = performance.now();
  const figures: Figures = hints === null
    ? simulate(trace, room, made)
    : simulate(trace, room, lookahead(made), { right: hints / 100, wrong, ahead: AHEAD * room, seed });
  const nsPerUse = ((performance.now() - before) * 1e6) / uses;
  const { bytesIn, bytesOut, hits } = figures;
  return { bytesMoved: bytesIn + bytesOut, hits, misses: uses - hits, nsPerUse };
}

async function onDevice(workload: Workload, room: number, policy: string, manager: string): Promise<Measured> {
  const before = performance.now();
  const { report } = await replay(workload, { policy, manager, vram: `${room * PAGE_SIZE}` });
  const uses = report.events - workload.events.filter(({ op }) => op !== "job").length;
  const placed = uses === 0 ? workload.events.filter(({ op }) => op === "alloc").length : uses;
  const nsPerUse = ((performance.now() - before) * 1e6) / placed;
  return { bytesMoved: report.bytesIn + report.bytesOut, hits: report.hits, misses: placed - report.hits, nsPerUse };
}
