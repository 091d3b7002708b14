import { type Clock, type Fence, SimulatedClock, SystemClock, TtmError } from "@ttm/core";
import type { DriverWatch } from "./driver_watch.ts";
import { withCauses } from "./suite.ts";

/** Milliseconds of real time to wait for a fence that is pending after the last event of the simulated clock. */
const REAL_TIME_MS = 250;

/**
 * Finds the likely cause of a failed driver case, to report it in place of its consequence.
 *
 * @param error The error that the case threw; undefined if it passed.
 * @returns The error to throw; undefined if the case passed and no violation was recorded.
 */
export async function likelyCause(error: unknown, watch: DriverWatch, clock: Clock): Promise<unknown> {
  const [broken] = watch.broken;
  const why = broken ?? (error === undefined ? undefined : await whyItFailed(error, watch, clock));
  return why === undefined ? error : new Error(error === undefined ? why : `${why}; so ${messageOf(error)}`, {
    cause: error,
  });
}

function messageOf(error: unknown): string {
  return `the case failed: ${error instanceof Error ? withCauses(error) : error}`;
}

async function whyItFailed(error: unknown, watch: DriverWatch, clock: Clock): Promise<string | undefined> {
  const isSimulated = clock instanceof SimulatedClock;
  if (isSimulated) clock.runUntilIdle();
  const pending = [...watch.fences].find(([fence]) => !fence.signalled);
  if (pending !== undefined) {
    const [fence, member] = pending;
    const what = `${fence}, which ${member} returned,`;
    const came = isSimulated && await signalsInRealTime(fence);
    return came
      ? `${what} signalled in real time, and this device is on a simulated clock: ${REAL_CLOCK}`
      : `${what} has not signalled, and nothing is left to happen: was it forgotten, or its time not taken from the clock?`;
  }
  if (!(error instanceof TtmError)) return undefined;
  if (error.code === "EBUSY" && isSimulated) {
    return `15 s of simulated time were over before a fence signalled; if it takes real time, ${REAL_CLOCK}`;
  }
  return error.code === "ENOMEM" || error.code === "ENOSPC" ? watch.doubtful[0] : undefined;
}

const REAL_CLOCK = "let the factory give `clock: new SystemClock()`";

async function signalsInRealTime(fence: Fence): Promise<boolean> {
  const clock = new SystemClock();
  await new Promise<void>((resolve) => {
    const timer = clock.schedule(clock.now() + REAL_TIME_MS, resolve);
    fence.onSignal(() => {
      clock.cancel(timer);
      resolve();
    });
  });
  return fence.signalled;
}
