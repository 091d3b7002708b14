import type { Driver, EvictionPolicy, MemTypeManager, Tracer } from "@ttm/core";
import { checkObject, checkOptions, optionNames } from "@ttm/core/arguments";
import type { DriverFactory, ManagerFactory, PolicyFactory } from "./parts.ts";
import { Player, type PlayOptions } from "./player.ts";
import { formatReport, type Report, reportOf } from "./report.ts";
import { parseSize } from "./size.ts";
import { UsageError } from "./usage_error.ts";
import { peakBytes, type Workload } from "./workload.ts";

/** How to replay a workload; all have defaults. */
export interface ReplayOptions {
  /**
   * The GPU: a name, a driver of your own, or what makes one of the sizes that it is told. One that has no `submit`,
   * `contentsOf` and `graphicsStats` as the simulated GPUs of `@ttm` have them gets an engine for its jobs beside it. Work that
   * takes time must be on the clock that `attach` hands it. @default {"radeon-sim"}
   */
  readonly driver?: string | Driver | DriverFactory | undefined;
  /** The range manager of all memory types but SYSTEM: a name, or what makes one. @default {"range"} */
  readonly manager?: string | ManagerFactory | undefined;
  /** Managers by memory type, also as objects, for those that are not to have `manager`'s. @default {none} */
  readonly managers?: Readonly<Record<string, string | ManagerFactory | MemTypeManager>> | undefined;
  /** The eviction policy: a name, what makes one, or one that has served no device yet. @default {"lru"} */
  readonly policy?: string | EvictionPolicy | PolicyFactory | undefined;
  /** Watches the device. */
  readonly tracer?: Tracer | undefined;
  /** Size of VRAM, or of the carve-out: bytes, `"512M"`, or a share of the workload's peak. @default {"50%"} */
  readonly vram?: string | undefined;
  /** Size of GTT, or of what the IOMMU shows, like `vram`. @default {"100%"} */
  readonly gtt?: string | undefined;
  /**
   * What buffers hold: stamps, which cost next to nothing and are compared as well, or real bytes, each of which is written
   * and copied. @default {"stamps"}
   */
  readonly contents?: "bytes" | "stamps" | undefined;
  /** Compare contents and check invariants on the way. @default {false} */
  readonly verify?: boolean | undefined;
  /** Told now and then how many events are done. */
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

/**
 * Runs a workload through a simulated device. Synchronous; deterministic for equal arguments.
 *
 * @returns The figures, and the report for people.
 * @throws {TtmError} `EINVAL` for an option that there is not, or a part that is none.
 * @throws {UsageError} If there is no driver, manager, policy or memory type of that name, a size is none, sizes or contents are
 * given beside a driver that has its own, or work of the driver never ends.
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
 * const { report } = replay(workload, { vram: "8192", verify: true });
 * assertEquals(report.evictions, 4);
 * assertEquals(report.losses, []);
 * ```
 */
export function replay(workload: Workload, options: ReplayOptions = {}): { report: Report; text: string } {
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
  player.play();
  const report = reportOf(workload, peak, player);
  return { report, text: formatReport(report, player) };
}
