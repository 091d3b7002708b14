/**
 * The functions of `@std/assert` that the tests use, for machines that cannot reach JSR. Same names, arguments
 * and error class; `deno unlink` puts the real package in their place.
 *
 * @module
 */
import { AssertionError, deepStrictEqual, notDeepStrictEqual } from "node:assert/strict";

export { AssertionError };

function fail(message: string, msg?: string): never {
  throw new AssertionError({ message: msg === undefined ? message : `${message}: ${msg}` });
}

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError({ message: msg });
}

/** Fails unless both are equal, looking into objects. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    fail((error as Error).message, msg);
  }
}

/** Fails if both are equal, looking into objects. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    notDeepStrictEqual(actual, expected);
  } catch (error) {
    fail((error as Error).message, msg);
  }
}

/** Fails unless both are the same value (`Object.is`). */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (!Object.is(actual, expected)) fail(`Values are not strictly equal: ${String(actual)}, ${String(expected)}`, msg);
}

/** Fails if `actual` is null or undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) fail(`Expected actual: "${actual}" to not be null or undefined`, msg);
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) fail(`Expected actual: "${actual}" to match: "${expected}"`, msg);
}

// deno-lint-ignore no-explicit-any -- the real package's own signature
type ErrorClassOf<E extends Error> = abstract new (...args: any[]) => E;

function assertIsError<E extends Error>(
  error: unknown,
  ErrorClass?: ErrorClassOf<E>,
  msgIncludes?: string,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) fail(`Expected "error" to be an Error object`, msg);
  if (ErrorClass !== undefined && !(error instanceof ErrorClass)) {
    fail(`Expected error to be instance of "${ErrorClass.name}", but was "${error.constructor.name}"`, msg);
  }
  if (msgIncludes !== undefined && !error.message.includes(msgIncludes)) {
    fail(`Expected error message to include "${msgIncludes}", but got "${error.message}"`, msg);
  }
}

/** Fails unless `fn` throws such an error, and returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass?: ErrorClassOf<E>,
  msgIncludes?: string,
  msg?: string,
): E {
  let thrown: unknown;
  let threw = false;
  try {
    fn();
  } catch (error) {
    thrown = error;
    threw = true;
  }
  if (!threw) fail("Expected function to throw", msg);
  assertIsError(thrown, ErrorClass, msgIncludes, msg);
  return thrown;
}

/** Fails unless the promise of `fn` rejects with such an error, and returns it. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass?: ErrorClassOf<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E> {
  let thrown: unknown;
  let rejected = false;
  try {
    await fn();
  } catch (error) {
    thrown = error;
    rejected = true;
  }
  if (!rejected) fail("Expected function to reject", msg);
  assertIsError(thrown, ErrorClass, msgIncludes, msg);
  return thrown;
}
