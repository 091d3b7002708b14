import { joinTracers, type Tracer } from "@ttm/core";
import type { DeviceRecord } from "./record.ts";
import { checkRecorderOptions, type RecorderOptions } from "./recorder_options.ts";
import { Recording } from "./recording.ts";

/** Keeps what a device did last, and why. */
export interface Recorder {
  /** The tracer for the option of that name when the device is created. */
  readonly tracer: Tracer;
  /**
   * What has been recorded so far; what happens later does not change it. Before the first event that is kept come those
   * that lead to the state of that moment: for each buffer its creation, and its last move, use, pin and swap, with their
   * times.
   *
   * @throws {TtmError} `EINVAL` if no device was created with the tracer.
   */
  record(): DeviceRecord;
}

/**
 * Makes a recorder for one device: a tracer that keeps the last events, each tied to its cause, in a fixed amount of
 * memory. What it notes of live buffers comes on top. Times of events that follow each other without an `await`
 * may be about a tenth of a millisecond too early, with the clock of the machine.
 *
 * @throws {TtmError} `EINVAL` for an unknown option or one of a wrong type. Creating a second device with the tracer
 * fails with `EINVAL`.
 *
 * @example Who was evicted for whom
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { recorder } from "@ttm/explain";
 * import { firstFit } from "@ttm/first-fit";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * const { tracer, record } = recorder({ events: 1000 });
 * const driver = new RadeonSim({ vram: 4 * PAGE_SIZE, gtt: 4 * PAGE_SIZE });
 * const managers = { vram: firstFit(), gtt: firstFit() };
 * const device = new BoDevice({ driver, managers, clock: new SimulatedClock(), tracer });
 * for (let i = 0; i < 2; i++) {
 *   const buffer = device.createBuffer({ bytes: 3 * PAGE_SIZE });
 *   using _reservation = await buffer.reserve();
 *   await buffer.validate({ placement: [{ memoryType: "vram" }] });
 * }
 * const moves = [...record().events].filter((event) => event.kind === "move");
 * assertEquals(moves.map(({ buffer, to, eviction }) => [buffer, to.memoryType, eviction?.forBuffer ?? null]), [
 *   [0, "vram", null],
 *   [0, "gtt", 1],
 *   [1, "vram", null],
 * ]);
 * ```
 */
export function recorder(options: RecorderOptions = {}): Recorder {
  const recording = new Recording(options, checkRecorderOptions(options));
  const { tracer } = options;
  return {
    tracer: tracer === undefined ? recording : joinTracers(tracer, recording),
    record: () => recording.record(),
  };
}
