import { type BufferView, type TracedOperation, type Tracer, TtmError } from "@ttm/core";
import { checkInteger, checkObject, checkOptions, optionNames, show } from "@ttm/core/arguments";

const WHAT = "make a recorder";
const RECORDER_OPTIONS = optionNames<RecorderOptions>({
  events: true,
  run: true,
  tracer: true,
  tagOf: true,
  clientOf: true,
  submissionOf: true,
});

/** Options of a {@linkcode recorder}. */
export interface RecorderOptions {
  /**
   * How many events are kept, from 1 to 2^24, in 68 bytes for each on average, which are taken at once: fewer if many of
   * them name those that were passed over. The oldest are lost. @default {100_000}
   */
  readonly events?: number;
  /** A name of the run, for legends. @default {driver and policy} */
  readonly run?: string;
  /** Another tracer of the device, which is told of everything before the recorder. @default {none} */
  readonly tracer?: Tracer;
  /** The purpose of a buffer, asked for when it is created. @default {`""`} */
  readonly tagOf?: (buffer: BufferView) => string;
  /** The owner of a buffer, asked for when it is created. @default {the first client that has a handle of it, or `""`} */
  readonly clientOf?: (buffer: BufferView) => string;
  /**
   * The submission that an operation is part of, asked for when it begins; null if none. @default {a number for each
   * acquire ticket, from 1}
   */
  readonly submissionOf?: (operation: TracedOperation) => number | null;
}

/**
 * Checks the options.
 *
 * @returns The number of events to keep.
 */
export function checkRecorderOptions(options: RecorderOptions): number {
  checkOptions(WHAT, options, RECORDER_OPTIONS);
  const { events = 100_000, run, tracer, tagOf, clientOf, submissionOf } = options;
  checkInteger(WHAT, "events", events, 1, 2 ** 24);
  if (run !== undefined && typeof run !== "string") {
    throw new TtmError("EINVAL", `Cannot ${WHAT}: run must be a string, not ${show(run)}`);
  }
  for (const [name, value] of Object.entries({ tagOf, clientOf, submissionOf })) {
    if (value === undefined || typeof value === "function") continue;
    throw new TtmError("EINVAL", `Cannot ${WHAT}: ${name} must be a function, not ${show(value)}`);
  }
  if (tracer !== undefined) checkObject(WHAT, "tracer", tracer);
  return events;
}
