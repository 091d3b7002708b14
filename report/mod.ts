/**
 * Writes one HTML file that shows what a device did with its memory, and why.
 *
 * @module
 */
export { type OpenOptions, openRecord } from "./open_record.ts";
export { purposeOf, recordOf } from "./recording.ts";
export type { ReportedRecord } from "./run.ts";
export { report } from "./report.ts";
