import { PAGE_SIZE, TtmError } from "@ttm/core";
import { checkInteger, checkOptions as checkNames, checkWord, optionNames, show } from "@ttm/core/arguments";

/** Options of the simulated GPU. Sizes are bytes and are rounded down to whole pages of 4096 bytes. */
export interface RadeonSimOptions {
  /** Size of VRAM. */
  readonly vram: number;
  /** Size of the CPU-visible part of VRAM, from its start. @default {256 MiB, or all of a smaller VRAM} */
  readonly visibleVram?: number;
  /** Size of GTT: the most system memory that is bound for the GPU at one time. */
  readonly gtt: number;
  /** Real bytes, or stamps for workloads larger than this machine's memory. @default {"bytes"} */
  readonly contents?: "bytes" | "stamps";
  /**
   * With two copy engines one runs copies out of VRAM and the other copies into VRAM from outside, so that an eviction
   * and an upload overlap. Each has the whole bandwidth, as each direction of a bus has. @default {1}
   */
  readonly copyEngines?: 1 | 2;
  /** Bandwidth of a copy engine, in bytes per millisecond. @default {12 GB/s} */
  readonly copyBytesPerMs?: number;
  /** Latency of a copy, in milliseconds. @default {0.01} */
  readonly copyLatencyMs?: number;
  /** Time to bind pages into GTT or to unbind them, in milliseconds per page. @default {0} */
  readonly bindMsPerPage?: number;
  /** Time to bind or unbind any number of pages, in milliseconds: the TLB flush. @default {0} */
  readonly bindLatencyMs?: number;
}

/** Options that have been checked, with sizes in pages. */
export interface CheckedOptions {
  readonly vramPages: number;
  readonly visiblePages: number;
  readonly gttPages: number;
  readonly contents: "bytes" | "stamps";
  readonly copyEngines: 1 | 2;
  readonly copyBytesPerMs: number;
  readonly copyLatencyMs: number;
  readonly bindMsPerPage: number;
  readonly bindLatencyMs: number;
}

const CREATE = "create radeon-sim";
const OPTIONS = optionNames<RadeonSimOptions>({
  vram: true,
  visibleVram: true,
  gtt: true,
  contents: true,
  copyEngines: true,
  copyBytesPerMs: true,
  copyLatencyMs: true,
  bindMsPerPage: true,
  bindLatencyMs: true,
});
const DEFAULT_VISIBLE = 256 * 2 ** 20;

/**
 * Checks options and adds the defaults.
 *
 * @throws {TtmError} `EINVAL` if one is out of range.
 */
export function checkOptions(options: RadeonSimOptions): CheckedOptions {
  checkNames(CREATE, options, OPTIONS);
  const vramPages = pagesOf("vram", options.vram);
  const gttPages = pagesOf("gtt", options.gtt);
  const { visibleVram = Math.min(DEFAULT_VISIBLE, options.vram), contents = "bytes", copyEngines = 1 } = options;
  checkWord(CREATE, "contents", contents, ["bytes", "stamps"]);
  checkInteger(CREATE, "copyEngines", copyEngines, 1, 2);
  return {
    vramPages,
    visiblePages: Math.min(vramPages, pagesOf("visibleVram", visibleVram)),
    gttPages,
    contents,
    copyEngines,
    copyBytesPerMs: positive("copyBytesPerMs", options.copyBytesPerMs ?? 12e6),
    copyLatencyMs: time("copyLatencyMs", options.copyLatencyMs ?? 0.01),
    bindMsPerPage: time("bindMsPerPage", options.bindMsPerPage ?? 0),
    bindLatencyMs: time("bindLatencyMs", options.bindLatencyMs ?? 0),
  };
}

function pagesOf(name: string, bytes: number): number {
  return Math.floor(checkInteger(CREATE, name, bytes, PAGE_SIZE, Number.MAX_SAFE_INTEGER) / PAGE_SIZE);
}

function time(name: string, value: number): number {
  return value === 0 ? 0 : positive(name, value);
}

function positive(name: string, value: number): number {
  if (typeof value === "number" && value > 0 && value < Infinity) return value;
  throw new TtmError("EINVAL", `Cannot ${CREATE}: ${name} must be a positive number, not ${show(value)}`);
}
