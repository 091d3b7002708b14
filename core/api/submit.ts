import {
  checkArray,
  checkObject,
  checkOptions,
  checkWaitOptions,
  checkWord,
  hasOnly,
  optionNames,
  show,
} from "../base/arguments.ts";
import { BufferObject } from "./buffer_object.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { submitError, tooLargeError } from "../calls/call_errors.ts";
import type { Fence } from "../lock/fence.ts";
import type { Part } from "../submit/job.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { DONE } from "../base/outcome.ts";
import type { Placement } from "../contract/placement.ts";
import { type PreparedPlace, PreparedPlacement } from "../resource/prepared_placement.ts";
import { Submission } from "../submit/submission.ts";
import type { Work } from "../submit/work.ts";
import type { SubmissionLine } from "../submit/line.ts";
import { submit } from "../submit/submit.ts";
import { uploadEarly } from "../submit/early_uploads.ts";
import { whyTooLarge } from "../submit/too_large.ts";

const WHAT = "submit";
export const SUBMIT_ENTRY: ReadonlySet<string> = optionNames<SubmitEntry>({
  buffer: true,
  usage: true,
  placement: true,
});

/** One buffer of a submission. */
export interface SubmitEntry {
  /** The buffer. A buffer may be in several entries. */
  readonly buffer: BufferObject;
  /** What the submitted work does with it; `"write"` includes reading. @default {"write"} */
  readonly usage?: "read" | "write";
  /** Where the work needs it. @default {`Driver.defaultPlacement`} */
  readonly placement?: Placement | PreparedPlacement;
}

/** Checks the arguments of a submission and runs it. */
export async function submitWork(
  state: DeviceState,
  line: SubmissionLine,
  entries: readonly SubmitEntry[],
  work: Work,
  options: WaitOptions,
): Promise<Fence | null> {
  if (typeof work !== "function") {
    throw new TtmError("EINVAL", `Cannot ${WHAT}: what submits the work must be a function, not ${show(work)}`);
  }
  checkWaitOptions(WHAT, options);
  const parts = partsOf(state, entries);
  options.signal?.throwIfAborted();
  const submission = new Submission(state, parts, work, options.noWait === true, options.signal);
  const tooLarge = whyTooLarge(state, parts);
  if (tooLarge !== null) throw tooLargeError(submission, tooLarge);
  const outcome = await submit(state.clock, line, submission, options.signal);
  if (outcome !== DONE) throw submitError(state, submission, outcome);
  // Those who wait come first.
  if (!state.hints.isEmpty && line.length === 0) uploadEarly(state, parts);
  return submission.fence;
}

/** The buffers of the entries, each once, with the strongest usage of its entries. */
function partsOf(state: DeviceState, entries: readonly SubmitEntry[]): Part[] {
  checkArray(WHAT, "the entries", entries);
  const merged = new Map<BufferObject, { usage: "read" | "write"; placement: PreparedPlacement | null }>();
  for (const [at, entry] of entries.entries()) {
    checkEntry(state, entry, at);
    const { buffer, usage = "write" } = entry;
    const placement = placementOf(state, entry);
    const one = merged.get(buffer);
    if (one === undefined) {
      merged.set(buffer, { usage, placement });
      continue;
    }
    if (placement !== null && one.placement !== null && !isSame(placement, one.placement)) {
      throw new TtmError("EINVAL", `Cannot ${WHAT} ${buffer}: entry ${at} names another placement than one before it`);
    }
    one.placement ??= placement;
    if (usage === "write") one.usage = "write";
  }
  return [...merged].map(([buffer, { usage, placement }]) => {
    return { buffer, usage, placement: placement ?? defaultPlacement(state, buffer, usage) };
  });
}

function isFine(state: DeviceState, entry: SubmitEntry): boolean {
  const { buffer, usage, placement } = entry;
  return buffer instanceof BufferObject && buffer.belongsTo(state) && !buffer.disposed &&
    (usage === undefined || usage === "read" || usage === "write") &&
    (placement === undefined || placement instanceof PreparedPlacement) && hasOnly(entry, SUBMIT_ENTRY);
}

function checkEntry(state: DeviceState, entry: SubmitEntry, at: number): void {
  // Messages for most entries would cost more than their checks.
  if (typeof entry === "object" && entry !== null && isFine(state, entry)) return;
  checkOptions(WHAT, entry, SUBMIT_ENTRY, `entry ${at}`);
  const { buffer, usage = "write", placement } = entry;
  if (!(buffer instanceof BufferObject) || !buffer.belongsTo(state)) {
    throw new TtmError("EINVAL", `Cannot ${WHAT}: entry ${at} has ${show(buffer)}, not a buffer of this device`);
  }
  if (buffer.disposed) throw new TtmError("EINVAL", `Cannot ${WHAT} ${buffer}: its last reference is gone`);
  checkWord(WHAT, `the usage of entry ${at}`, usage, ["read", "write"]);
  if (placement !== undefined) checkObject(WHAT, `the placement of entry ${at}`, placement);
}

function placementOf(state: DeviceState, { buffer, placement }: SubmitEntry): PreparedPlacement | null {
  if (placement === undefined) return null;
  if (!(placement instanceof PreparedPlacement)) return new PreparedPlacement(state.typesByName, placement);
  if (placement.types === state.typesByName) return placement;
  throw new TtmError("EINVAL", `Cannot ${WHAT} ${buffer}: its placement was prepared by another device`);
}

function isSame(a: PreparedPlacement, b: PreparedPlacement): boolean {
  return a === b || (areSame(a.places, b.places) && areSame(a.busyPlaces, b.busyPlaces));
}

function areSame(a: readonly PreparedPlace[], b: readonly PreparedPlace[]): boolean {
  const members = ["type", "fpfn", "lpfn", "cachingMask", "topDown", "contiguous", "temporary"] as const;
  return a.length === b.length && a.every((place, at) => members.every((name) => place[name] === b[at]?.[name]));
}

function defaultPlacement(state: DeviceState, buffer: BufferObject, usage: "read" | "write"): PreparedPlacement {
  const { driver } = state;
  if (driver.defaultPlacement === undefined) {
    const why = `its entry names no placement, and neither does driver "${driver.name}"`;
    throw new TtmError("EINVAL", `Cannot ${WHAT} ${buffer}: ${why}`);
  }
  try {
    return state.prepareOnce(driver.defaultPlacement(buffer, usage));
  } catch (cause) {
    const code = cause instanceof TtmError ? cause.code : "EIO";
    throw new TtmError(code, `Cannot ${WHAT} ${buffer}: ${cause instanceof Error ? cause.message : show(cause)}`, {
      cause,
    });
  }
}
