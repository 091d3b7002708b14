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
 * Names the options of a type. It takes them as an object, so that the compiler finds those that are missing.
 *
 * @example A misspelt option
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkOptions, optionNames } from "@ttm/core/arguments";
 *
 * interface CardOptions {
 *   readonly pages: number;
 *   readonly engines?: number;
 * }
 * const CARD_OPTIONS = optionNames<CardOptions>({ pages: true, engines: true });
 *
 * const wrong = { pages: 8, engine: 2 };
 * assertThrows(() => checkOptions("create card", wrong, CARD_OPTIONS), Error, "known are pages, engines");
 * ```
 */
export function optionNames<Options>(
  names: { readonly [Name in keyof Required<Options>]: true },
): ReadonlySet<string> {
  return new Set(Object.keys(names));
}

/**
 * Requires an object that has no members but those that are known: a misspelt option would be left out silently.
 *
 * @param known The names that there are, as {@linkcode optionNames} gives them.
 * @param name What the object is called in the message. @default {"the options"}
 * @throws {TtmError} `EINVAL` if it is no object, or has another member; the message lists those that are known.
 */
export function checkOptions(what: string, options: object, known: ReadonlySet<string>, name = "the options"): void {
  checkObject(what, name, options);
  const unknown = unknownName(options, known);
  if (unknown === null) return;
  const names = [...known].join(", ");
  throw new TtmError("EINVAL", `Cannot ${what}: unknown ${show(unknown)} in ${name}, known are ${names}`);
}

/** Whether an object has no members but those that are known. */
export function hasOnly(options: object, known: ReadonlySet<string>): boolean {
  return unknownName(options, known) === null;
}

function unknownName(options: object, known: ReadonlySet<string>): string | null {
  for (const name in options) if (!known.has(name)) return name;
  return null;
}

/**
 * Requires an object that has methods, a clock for example.
 *
 * @throws {TtmError} `EINVAL` if it is no object, or one is missing; the message names it.
 */
export function checkMethods(what: string, name: string, value: object, methods: readonly string[]): void {
  checkObject(what, name, value);
  for (const method of methods) {
    const found = (value as Readonly<Record<string, unknown>>)[method];
    if (typeof found !== "function") refuse(what, `${name}.${method}`, "a function", found);
  }
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

const WAIT_OPTIONS = new Set(["signal", "noWait"]);

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
 * Requires options of a call that may wait, an abort signal and a flag among them, and no names but those that are known.
 *
 * @param subject What the call is about; it is named in the message after `call`, and only then.
 * @param known The options that there are. @default {`signal` and `noWait`}
 * @throws {TtmError} `EINVAL` if the signal is none, the flag no boolean, or as {@linkcode checkOptions}.
 */
export function checkWaitOptions(
  call: string,
  options: { signal?: AbortSignal; noWait?: boolean },
  subject?: { toString(): string },
  known: ReadonlySet<string> = WAIT_OPTIONS,
): void {
  const isObject = typeof options === "object" && options !== null;
  const isPlain = isObject && options.signal === undefined && options.noWait === undefined;
  if (isPlain && hasOnly(options, known)) return;
  const what = subject === undefined ? call : `${call} ${subject}`;
  checkOptions(what, options, known);
  const { signal, noWait } = options;
  if (noWait !== undefined) checkBoolean(what, "noWait", noWait);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TtmError("EINVAL", `Cannot ${what}: signal must be an AbortSignal, not ${show(signal)}`);
  }
}
