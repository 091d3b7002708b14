/**
 * Writes one HTML file that shows what a device did with its memory, and why.
 *
 * @module
 */
export { recordOf } from "./recording.ts";
export type { ReportedRecord } from "./run.ts";
export { report } from "./report.ts";
