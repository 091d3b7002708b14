/**
 * Checks of arguments at a public door, for the core and for authors of drivers and managers: what is wrong is said in
 * one form, and nothing has been changed by then.
 *
 * @example Refusing a size
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkInteger } from "@ttm/core/arguments";
 *
 * assertThrows(() => checkInteger("create card", "pages", 1.5, 1, 1024), Error, "Cannot create card: pages must be");
 * ```
 *
 * @module
 */
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

// By itself, so that the checks are small enough to be compiled into their callers.
function refuse(what: string, name: string, wanted: string, value: unknown): never {
  throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be ${wanted}, not ${show(value)}`);
}

/**
 * Requires a whole number in [min, max].
 *
 * @throws {TtmError} `EINVAL` if it is anything else; `what` names the call, `name` the argument.
 */
export function checkInteger(what: string, name: string, value: unknown, min: number, max: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  return refuse(what, name, `a whole number from ${min} to ${max}`, value);
}

/**
 * Requires an object, so that reading its members cannot throw a bare `TypeError`.
 *
 * @throws {TtmError} `EINVAL` if it is anything else.
 */
export function checkObject(what: string, name: string, value: unknown): void {
  if (typeof value === "object" && value !== null) return;
  refuse(what, name, "an object", value);
}

/**
 * Requires an array.
 *
 * @throws {TtmError} `EINVAL` if it is anything else.
 */
export function checkArray(what: string, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  refuse(what, name, "an array", value);
}

/**
 * Requires one of the words in `allowed`.
 *
 * @throws {TtmError} `EINVAL` if it is anything else.
 */
export function checkWord(what: string, name: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value === "string" && allowed.includes(value)) return;
  refuse(what, name, `one of ${allowed.map((word) => JSON.stringify(word)).join(", ")}`, value);
}

/**
 * Requires a boolean.
 *
 * @throws {TtmError} `EINVAL` if it is anything else.
 */
export function checkBoolean(what: string, name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  refuse(what, name, "true or false", value);
}

/**
 * Requires bytes: an `ArrayBuffer` or a `SharedArrayBuffer`, or a view of one, of any type.
 *
 * @returns A view of them, not a copy.
 * @throws {TtmError} `EINVAL` if it is anything else, or has been transferred to somebody else.
 */
export function checkBytes(what: string, name: string, value: ArrayBufferView | ArrayBufferLike): Uint8Array {
  // An empty one may have been transferred to somebody else.
  if (value instanceof Uint8Array && value.length > 0) return value;
  try {
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (isBuffer(value)) return new Uint8Array(value);
  } catch (cause) {
    throw new TtmError("EINVAL", `Cannot ${what}: ${name} cannot be read`, { cause });
  }
  return refuse(what, name, "an ArrayBuffer or a view of one", value);
}

function isBuffer(value: unknown): boolean {
  return value instanceof ArrayBuffer ||
    (typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer);
}

/**
 * Requires options of a call that may wait: an abort signal and a flag, both optional.
 *
 * @param subject What the call is about; it is named in the message after `call`, and only then.
 * @throws {TtmError} `EINVAL` if they are anything else.
 */
export function checkWaitOptions(
  call: string,
  options: { signal?: AbortSignal; noWait?: boolean },
  subject?: { toString(): string },
): void {
  const isObject = typeof options === "object" && options !== null;
  if (isObject && options.signal === undefined && options.noWait === undefined) return;
  const what = subject === undefined ? call : `${call} ${subject}`;
  checkObject(what, "the options", options);
  const { signal, noWait } = options;
  if (noWait !== undefined) checkBoolean(what, "noWait", noWait);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TtmError("EINVAL", `Cannot ${what}: signal must be an AbortSignal, not ${show(signal)}`);
  }
}
