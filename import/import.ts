import { readAmdgpuTrace } from "./amdgpu_trace.ts";
import { withAssumedUses } from "./assumed_uses.ts";
import { readBoTracePieces } from "./bo_trace.ts";
import { join, type Pieces, readBytes, type Source } from "./bytes.ts";
import { readChromeTrace } from "./chrome_trace.ts";
import { type Format, recognize, SNIFFED_BYTES } from "./format.ts";
import { readRmmLog } from "./rmm_log.ts";
import { readRmv } from "./rmv.ts";
import { readTorchSnapshot } from "./torch_snapshot.ts";
import { checkInteger, checkMethods, checkOptions, checkWord, optionNames } from "@ttm/core/arguments";
import { hasJobs, type Workload, WorkloadError } from "./workload.ts";
import { readWsim } from "./wsim.ts";
import type { ZstdDecoder } from "./zstd.ts";

/** Options of {@linkcode importRecording}. */
export interface ImportOptions {
  /**
   * For recordings of an allocator, which has no uses: `"lifetimes"` (the default) leaves it so, `"assumed"` lets a job
   * write each buffer after its allocation and a job read it before its free.
   */
  readonly uses?: "lifetimes" | "assumed";
  /** Which device, by number, of a recording of several. */
  readonly device?: number;
  /**
   * Decompresses chunks of `.rmv` files where the platform has no zstd, as browsers and Node 20: `decompress` of npm's
   * `fzstd`. @default {the platform's, as in Deno and from Node 22.15 on}
   */
  readonly zstd?: ZstdDecoder;
}

const OPTIONS = optionNames<ImportOptions>({ uses: true, device: true, zstd: true });
const MOST_DEVICES = 1000;

/** What was read. */
export interface Recording {
  /** The format that was recognised. */
  readonly format: Format;
  /** Whether uses of buffers are recorded, absent, or assumed. */
  readonly uses: "recorded" | "lifetimes" | "assumed";
  /** Allocations, jobs and frees. */
  readonly workload: Workload;
  /** Counts that the recording has beside its workload, by name. */
  readonly facts: Readonly<Record<string, number>>;
}

/**
 * Reads a recording of any known format, plain or gzip'd: PyTorch's CUDA memory snapshots, i915's gem_wsim workloads,
 * RMM's CSV log, ftrace text with amdgpu's events, Chrome traces of PyTorch's profiler, the Radeon Memory Visualizer's, and bo-trace. The format is
 * recognised from the contents. A stream is read piece by piece, and cancelled if it is refused.
 *
 * @param name The file's name in error messages.
 * @throws {WorkloadError} `EINVAL` for contents of no known format, and for those that their format's reader refuses: at
 * a line or an offset; with `uses: "assumed"` if the recording has uses of its own. Errors of the stream are passed on.
 * @throws {TtmError} `EINVAL` for options that are unknown or out of range.
 *
 * @example A log of RMM
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { importRecording } from "@ttm/import";
 *
 * const log = `Thread,Time,Action,Pointer,Size,Stream
 * 1,10:00:00.000001,allocate,0x7f0000000000,4096,0x0
 * 1,10:00:00.000009,free,0x7f0000000000,4096,0x0
 * `;
 * const { format, uses, workload } = await importRecording("log.csv", new TextEncoder().encode(log));
 * assertEquals([format, uses], ["RMM log", "lifetimes"]);
 * assertEquals(workload.events, [{ op: "alloc", t: 0, id: 1, bytes: 4096 }, { op: "free", t: 8, id: 1 }]);
 * ```
 */
export async function importRecording(name: string, source: Source, options: ImportOptions = {}): Promise<Recording> {
  const what = "import the recording";
  checkOptions(what, options, OPTIONS);
  const { uses, device, zstd } = options;
  if (uses !== undefined) checkWord(what, "options.uses", uses, ["lifetimes", "assumed"]);
  if (device !== undefined) checkInteger(what, "options.device", device, 0, MOST_DEVICES);
  if (zstd !== undefined) checkMethods(what, "options", options, ["zstd"]);
  const contents = readBytes(name, source);
  const { format, workload, facts = {} } = await read(name, contents, options).finally(() => contents.return());
  const recorded = hasJobs(workload);
  if (uses !== "assumed") return { format, uses: recorded ? "recorded" : "lifetimes", workload, facts };
  if (recorded) throw new WorkloadError(name, { line: 1 }, "Cannot assume uses: the recording has uses of its own");
  return { format, uses: "assumed", workload: withAssumedUses(workload), facts };
}

interface Read {
  readonly format: Format;
  readonly workload: Workload;
  readonly facts?: Readonly<Record<string, number>>;
}

async function read(
  name: string,
  contents: AsyncGenerator<Uint8Array, void>,
  { device, zstd }: ImportOptions,
): Promise<Read> {
  const head: Uint8Array[] = [];
  let known = 0;
  while (known < SNIFFED_BYTES) {
    const { done, value } = await contents.next();
    if (done) break;
    head.push(value);
    known += value.length;
  }
  const pieces = chain(head, contents);
  const format = recognize(name, join(head));
  switch (format) {
    case "PyTorch snapshot": {
      const { workload, facts } = await readTorchSnapshot(name, pieces, device);
      return { format, workload, facts: { ...facts } };
    }
    case "gem_wsim workload":
      return { format, workload: await readWsim(name, pieces) };
    case "RMM log":
      return { format, workload: await readRmmLog(name, pieces) };
    case "ftrace text":
      return { format, workload: await readAmdgpuTrace(name, pieces) };
    case "Chrome trace":
      return { format, workload: await readChromeTrace(name, pieces, device) };
    case "Radeon Memory Visualizer":
      return { format, ...await readRmv(name, pieces, zstd) };
    case "bo-trace":
      return { format, workload: await readBoTracePieces(name, pieces) };
  }
}

async function* chain(head: readonly Uint8Array[], rest: AsyncGenerator<Uint8Array, void>): Pieces {
  yield* head;
  yield* rest;
}
