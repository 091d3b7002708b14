import type { Driver, EvictionPolicy, MemTypeManager, Tracer } from "@ttm/core";
import { checkObject, checkOptions, optionNames } from "@ttm/core/arguments";
import type { DriverFactory, ManagerFactory, PolicyFactory } from "./parts.ts";
import { Player, type PlayOptions } from "./player.ts";
import { formatReport, type Report, reportOf } from "./report.ts";
import { parseSize } from "./size.ts";
import { UsageError } from "./usage_error.ts";
import { peakBytes, type Workload } from "@ttm/import";

/** Options of {@linkcode replay}; all have defaults. */
export interface ReplayOptions {
  /**
   * The GPU: a name, a driver, or a factory that receives the sizes. Jobs of a driver without the `submit`,
   * `contentsOf` and `graphicsStats` of the simulated GPUs of `@ttm` run on a separate engine. Work that takes time
   * must use the clock that is passed to `attach`. @default {"radeon-sim"}
   */
  readonly driver?: string | Driver | DriverFactory | undefined;
  /** The range manager of all memory types but SYSTEM: a name or a factory. @default {"range"} */
  readonly manager?: string | ManagerFactory | undefined;
  /** Managers (names, factories or objects) by memory type, which take precedence over `manager`. @default {none} */
  readonly managers?: Readonly<Record<string, string | ManagerFactory | MemTypeManager>> | undefined;
  /** The eviction policy: a name, a factory, or an unused policy. @default {"lru"} */
  readonly policy?: string | EvictionPolicy | PolicyFactory | undefined;
  /** The tracer of the device. */
  readonly tracer?: Tracer | undefined;
  /** Size of VRAM, or of the carve-out: bytes, `"512M"`, or a share of the workload's peak. @default {"50%"} */
  readonly vram?: string | undefined;
  /** Size of GTT, or of the memory behind the IOMMU, like `vram`. @default {"100%"} */
  readonly gtt?: string | undefined;
  /**
   * Contents of buffers: stamps, which cost almost nothing and can be compared as well, or real bytes, each of which is
   * written and copied. @default {"stamps"}
   */
  readonly contents?: "bytes" | "stamps" | undefined;
  /** Compare contents and check invariants on the way. @default {false} */
  readonly verify?: boolean | undefined;
  /** Called from time to time with the number of events done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

const OPTIONS = optionNames<ReplayOptions>({
  driver: true,
  manager: true,
  managers: true,
  policy: true,
  tracer: true,
  vram: true,
  gtt: true,
  contents: true,
  verify: true,
  onProgress: true,
});

/** What came of a replay. */
export interface Replayed {
  /** The figures. */
  readonly report: Report;
  /** The report as text. */
  readonly text: string;
}

/**
 * Runs a workload through a simulated device, in simulated time. Deterministic for equal arguments.
 *
 * @returns The figures, and the report as text.
 * @throws {TtmError} `EINVAL` for an unknown option, or an object that is not a part of its kind.
 * @throws {UsageError} For an unknown name of a driver, manager, policy or memory type, an invalid size, sizes or
 * contents in addition to a driver object, or work of the driver that never ends.
 *
 * @example Weights that do not fit
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { replay, type Workload } from "@ttm/replay";
 *
 * const ids = [1, 2, 3];
 * const workload: Workload = {
 *   name: "round-robin",
 *   time: "seq",
 *   events: [
 *     ...ids.map((id) => ({ op: "alloc", t: 0, id, bytes: 4096 } as const)),
 *     ...[...ids, ...ids].map((id, t) => ({ op: "job", t, uses: [{ id, write: false }], durationUs: 1 } as const)),
 *   ],
 * };
 * const { report } = await replay(workload, { vram: "8192", verify: true });
 * assertEquals(report.evictions, 4);
 * assertEquals(report.losses, []);
 * ```
 */
export async function replay(workload: Workload, options: ReplayOptions = {}): Promise<Replayed> {
  checkOptions("replay", options, OPTIONS);
  const peak = Math.max(peakBytes(workload), 4096);
  const { driver, manager, managers, policy, tracer, vram, gtt, contents, onProgress } = options;
  const sizes = Object.entries({ vram, gtt, contents }).filter(([, value]) => value !== undefined);
  if (typeof driver === "object" && sizes.length > 0) {
    throw new UsageError(`Cannot use ${sizes.map(([name]) => name).join(", ")}: the driver that is given has its own`);
  }
  if (managers !== undefined) checkObject("replay", "managers", managers);
  if (tracer !== undefined) checkObject("replay", "tracer", tracer);
  const play: PlayOptions = {
    vram: parseSize("vram", vram ?? "50%", peak),
    gtt: parseSize("gtt", gtt ?? "100%", peak),
    contents: contents ?? "stamps",
    verify: options.verify === true,
    ...(driver === undefined ? {} : { driver }),
    ...(manager === undefined ? {} : { manager }),
    ...(managers === undefined ? {} : { managers }),
    ...(policy === undefined ? {} : { policy }),
    ...(tracer === undefined ? {} : { tracer }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const player = new Player(workload, play);
  await player.play();
  const report = reportOf(workload, peak, player);
  return { report, text: formatReport(report, player) };
}
