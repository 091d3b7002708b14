import { TtmError } from "@ttm/core";

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
 * Requires a whole number from `min` to `max`, at most 2^53 - 1 anyhow.
 *
 * @throws {TtmError} `EINVAL` if it is anything else; `what` names the call, `name` the argument.
 */
export function checkInteger(what: string, name: string, value: unknown, min: number, max: number): void {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new TtmError(
    "EINVAL",
    `Cannot ${what}: ${name} must be a whole number from ${min} to ${max}, not ${show(value)}`,
  );
}

/**
 * Requires one of the words in `allowed`.
 *
 * @throws {TtmError} `EINVAL` if it is anything else.
 */
export function checkWord(what: string, name: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value === "string" && allowed.includes(value)) return;
  const words = allowed.map((word) => JSON.stringify(word)).join(", ");
  throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be one of ${words}, not ${show(value)}`);
}

/**
 * Requires a boolean.
 *
 * @throws {TtmError} `EINVAL` if it is anything else.
 */
export function checkBoolean(what: string, name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be true or false, not ${show(value)}`);
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
 * Requires an array.
 *
 * @throws {TtmError} `EINVAL` if it is anything else.
 */
export function checkArray(what: string, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be an array, not ${show(value)}`);
}
