import { checkMethods, checkOptions } from "@ttm/core/arguments";

/** A function that registers a test: `Deno.test`, `test` of `node:test`, or `test` of Vitest. */
export type TestFunction = (name: string, fn: () => void | Promise<void>) => unknown;

/** The options of every suite. */
export interface SuiteOptions {
  /** Registers the cases with a test runner. */
  readonly test: TestFunction;
  /** Prefix of the name of each case. @default {the name of the part} */
  readonly name?: string;
}

/** Checks the options of a suite. */
export function checkSuite(
  suite: string,
  options: SuiteOptions & { readonly factory: unknown },
  known: ReadonlySet<string>,
): void {
  const what = `register the suite of ${suite}`;
  checkOptions(what, options, known);
  checkMethods(what, "the options", options, ["test", "factory"]);
}

/** Registers the cases of a suite under one name. */
export type Cases = Readonly<Record<string, () => void | Promise<void>>>;

/** Registers cases with a runner. */
export function register({ test, name }: SuiteOptions, part: string, cases: Cases): void {
  for (const [clause, run] of Object.entries(cases)) {
    test(`${name ?? part}: ${clause}`, async () => {
      try {
        await run();
      } catch (error) {
        if (error instanceof Error && error.cause !== undefined) error.message = withCauses(error);
        throw error;
      }
    });
  }
}

/** The message of an error and of its causes, where it does not include them. */
export function withCauses(error: Error): string {
  let message = error.message;
  for (let { cause } = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    const why = cause instanceof Error ? cause.message : String(cause);
    if (!message.includes(why)) message += `, because: ${why}`;
  }
  return message;
}

/** Fails with a message unless a condition holds. */
export function must(condition: boolean, why: () => string): asserts condition {
  if (!condition) throw new Error(why());
}

/** A proxy of a part that fails if a member returns a promise: these parts are synchronous. */
export function synchronous<Part extends object>(part: Part, kind: string): Part {
  return new Proxy(part, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => mustBeNoPromise(member.apply(target, args), `${String(name)} of the ${kind}`);
    },
  });
}

/** The value, unless it is a promise. */
export function mustBeNoPromise<Value>(value: Value, what: string): Value {
  const isPromise = typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
  must(!isPromise, () => `${what} returned a promise: is it async? Every member is synchronous`);
  return value;
}

/** Fails unless two plain values are equal. */
export function mustEqual(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  must(left === right, () => `${what} is ${left}, and should be ${right}`);
}

/** Pseudo-random integers, equal for equal seeds (a linear congruential generator, MINSTD). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed % 2147483646 + 1;
  return (below) => {
    state = state * 48271 % 2147483647;
    return state % below;
  };
}
