/**
 * Checks of the arguments of public functions, for the core and for authors of drivers and managers. All errors have
 * one form, and are thrown before anything is changed.
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

/** Formats a wrong argument for a message, short and with its type visible. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  return String(value);
}

// A separate function, so that the checks are small enough to be inlined into their callers.
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
 * Returns the option names of a type. It takes them as an object, so that the compiler reports missing ones.
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
 * Requires an object that has only known members: a misspelt option would otherwise be ignored silently.
 *
 * @param known The known names, from {@linkcode optionNames}.
 * @param name What the object is called in the message. @default {"the options"}
 * @throws {TtmError} `EINVAL` if it is not an object, or has an unknown member; the message lists the known ones.
 */
export function checkOptions(what: string, options: object, known: ReadonlySet<string>, name = "the options"): void {
  checkObject(what, name, options);
  const unknown = unknownName(options, known);
  if (unknown === null) return;
  const names = [...known].join(", ");
  throw new TtmError("EINVAL", `Cannot ${what}: unknown ${show(unknown)} in ${name}, known are ${names}`);
}

/** Whether an object has only known members. */
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
 * @throws {TtmError} `EINVAL` if it is not an object, or a method is missing; the message names the method.
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
 * @throws {TtmError} `EINVAL` if it is anything else, or its buffer was transferred.
 */
export function checkBytes(what: string, name: string, value: ArrayBufferView | ArrayBufferLike): Uint8Array {
  // The buffer of an empty one may have been transferred.
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
 * Requires the options of a call that may wait, `signal` and `noWait` among them, without unknown names.
 *
 * @param subject The object of the call, named after `call` in the message; formatted only for a message.
 * @param known The known names. @default {`signal` and `noWait`}
 * @throws {TtmError} `EINVAL` if `signal` is not an `AbortSignal`, `noWait` is not a boolean, or as
 * {@linkcode checkOptions}.
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
