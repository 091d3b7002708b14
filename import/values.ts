import type { WorkloadError } from "./workload.ts";

/** The most bytes of one buffer: a pebibyte, so that sums of sizes stay exact. */
export const MOST_BYTES: number = 2 ** 50;

/** Makes the error at the current position from the reason. */
export type Fail = (why: string) => WorkloadError;

/** A value as messages show it: at most about 40 characters, whatever the file holds. */
export function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return String(value);
}

/**
 * A whole number in a range.
 *
 * @throws {WorkloadError} For anything else.
 */
export function whole(
  value: unknown,
  name: string,
  fail: Fail,
  least: number = Number.MIN_SAFE_INTEGER,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw fail(`${name} must be a whole number from ${least} to ${most}, but is ${show(value)}`);
}

/** The name of a recording: that of its file without folders and endings. */
export function titleOf(file: string): string {
  return file.replace(/^.*[/\\]/s, "").replace(/(\.[a-z0-9]{1,8}){1,3}$/i, "") || file;
}
