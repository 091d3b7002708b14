/**
 * A record of what a device does and why.
 *
 * @module
 */
export * from "./record.ts";
export { type Recorder, recorder } from "./recorder.ts";
export type { RecorderOptions } from "./recorder_options.ts";
export { readRecord } from "./read_record.ts";
export { writeRecord } from "./write_record.ts";
export { type Explained, type ExplainedEviction, type Explainer, explainer, type Named } from "./explainer.ts";
export type { Holder } from "./holders.ts";
