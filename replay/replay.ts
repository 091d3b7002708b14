import { checkOptions, optionNames } from "@ttm/core/arguments";
import { Player, type PlayOptions } from "./player.ts";
import { formatReport, type Report, reportOf } from "./report.ts";
import { parseSize } from "./size.ts";
import { peakBytes, type Workload } from "./workload.ts";

/** How to replay a workload; all have defaults. */
export interface ReplayOptions {
  /** Name of the simulated GPU. @default {"radeon-sim"} */
  readonly driver?: string | undefined;
  /** Name of the range manager of its memory types. @default {"range"} */
  readonly manager?: string | undefined;
  /** Name of the eviction policy. @default {"lru"} */
  readonly policy?: string | undefined;
  /** Size of VRAM, or of the carve-out: bytes, `"512M"`, or a share of the workload's peak. @default {"50%"} */
  readonly vram?: string | undefined;
  /** Size of GTT, or of what the IOMMU shows, like `vram`. @default {"100%"} */
  readonly gtt?: string | undefined;
  /** Real bytes, or stamps for what does not fit into this machine. @default {bytes up to a peak of 1 GiB} */
  readonly contents?: "bytes" | "stamps" | undefined;
  /** Compare contents and check invariants on the way. @default {false} */
  readonly verify?: boolean | undefined;
  /** Told now and then how many events are done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

const OPTIONS = optionNames<ReplayOptions>({
  driver: true,
  manager: true,
  policy: true,
  vram: true,
  gtt: true,
  contents: true,
  verify: true,
  onProgress: true,
});
const BYTES_UP_TO = 2 ** 30;

/**
 * Runs a workload through a simulated device. Synchronous; deterministic for equal arguments.
 *
 * @returns The figures, and the report for people.
 * @throws {TtmError} `EINVAL` for an option that there is not.
 * @throws {UsageError} If there is no driver, manager or policy of that name, or a size is none.
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
  const play: PlayOptions = {
    driver: options.driver ?? "radeon-sim",
    manager: options.manager ?? "range",
    policy: options.policy ?? "lru",
    vram: parseSize("vram", options.vram ?? "50%", peak),
    gtt: parseSize("gtt", options.gtt ?? "100%", peak),
    contents: options.contents ?? (peak <= BYTES_UP_TO ? "bytes" : "stamps"),
    verify: options.verify === true,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
  const player = new Player(workload, play);
  player.play();
  const report = reportOf(workload, peak, play, player);
  return { report, text: formatReport(report, player) };
}
