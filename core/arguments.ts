import { TtmError } from "./errors.ts";

/** Shows a wrong argument in a message, short and with its type visible. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  return String(value);
}

/**
 * Requires a whole number in [min, max].
 *
 * @throws {TtmError} `EINVAL` if it is anything else; `what` names the call, `name` the argument.
 */
export function checkInteger(what: string, name: string, value: unknown, min: number, max: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new TtmError(
    "EINVAL",
    `Cannot ${what}: ${name} must be a whole number from ${min} to ${max}, not ${show(value)}`,
  );
}

/**
 * Requires an object, so that reading its members cannot throw a bare `TypeError`.
 *
 * @throws {TtmError} `EINVAL` if it is anything else.
 */
export function checkObject(what: string, name: string, value: unknown): void {
  if (typeof value === "object" && value !== null) return;
  throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be an object, not ${show(value)}`);
}

/**
 * Requires options of a call that may wait: an abort signal and a flag, both optional.
 *
 * @throws {TtmError} `EINVAL` if they are anything else.
 */
export function checkWaitOptions(what: string, options: { signal?: AbortSignal; noWait?: boolean }): void {
  checkObject(what, "the options", options);
  const { signal, noWait } = options;
  if (noWait !== undefined && typeof noWait !== "boolean") {
    throw new TtmError("EINVAL", `Cannot ${what}: noWait must be true or false, not ${show(noWait)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TtmError("EINVAL", `Cannot ${what}: signal must be an AbortSignal, not ${show(signal)}`);
  }
}
