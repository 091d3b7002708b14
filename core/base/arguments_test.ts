import { assertEquals, assertThrows } from "@std/assert";
import {
  checkInteger,
  checkMethods,
  checkObject,
  checkOptions,
  checkWaitOptions,
  hasOnly,
  optionNames,
  show,
} from "./arguments.ts";
import { TtmError } from "../mod.ts";

const shown: readonly (readonly [unknown, string])[] = [
  ["a\n", '"a\\n"'],
  [5n, "5n"],
  [[1], "an array"],
  [{}, "an object"],
  [() => 1, "a function"],
  [null, "null"],
  [undefined, "undefined"],
  [-0.5, "-0.5"],
  [NaN, "NaN"],
  [Symbol("s"), "Symbol(s)"],
];
for (const [value, expected] of shown) {
  Deno.test(`show() writes ${expected}`, () => assertEquals(show(value), expected));
}

Deno.test("checkInteger() returns what is in the range, ends included", () => {
  for (const value of [2, 3, 4]) assertEquals(checkInteger("try", "n", value, 2, 4), value);
});

Deno.test("checkInteger() refuses any other value as EINVAL, and names call, argument and value", () => {
  for (const value of [1, 5, 2.5, NaN, Infinity, -Infinity, 2 ** 60, "3", 3n, null, undefined, [3], {}, true]) {
    const error = assertThrows(() => checkInteger("try", "n", value, 2, 4), TtmError);
    assertEquals(error.code, "EINVAL");
    assertEquals(error.message, `Cannot try: n must be a whole number from 2 to 4, not ${show(value)}`);
  }
});

Deno.test("checkObject() refuses anything but an object as EINVAL", () => {
  checkObject("try", "it", {});
  for (const value of [null, undefined, 1, "a", true, () => 1]) {
    const error = assertThrows(
      () => checkObject("try", "it", value),
      TtmError,
      "Cannot try: it must be an object, not ",
    );
    assertEquals(error.code, "EINVAL");
  }
});

interface CardOptions {
  readonly pages: number;
  readonly engines?: number;
}
const CARD_OPTIONS = optionNames<CardOptions>({ pages: true, engines: true });

Deno.test("checkOptions() refuses names that it does not know as EINVAL, and lists those that it does", () => {
  checkOptions("try", {}, CARD_OPTIONS);
  checkOptions("try", { pages: 1, engines: undefined }, CARD_OPTIONS);
  const error = assertThrows(() => checkOptions("try", { pages: 1, engine: 2 }, CARD_OPTIONS), TtmError);
  assertEquals([error.code, error.message], [
    "EINVAL",
    'Cannot try: unknown "engine" in the options, known are pages, engines',
  ]);
  assertThrows(() => checkOptions("try", { a: 1 }, CARD_OPTIONS, "card 3"), TtmError, 'unknown "a" in card 3');
  assertThrows(() => checkOptions("try", 5 as never, CARD_OPTIONS), TtmError, "the options must be an object, not 5");
  assertEquals([hasOnly({ pages: 1 }, CARD_OPTIONS), hasOnly({ engine: 1 }, CARD_OPTIONS)], [true, false]);
});

Deno.test("checkWaitOptions() names its subject, and knows `signal` and `noWait` unless it is given other names", () => {
  checkWaitOptions("try", { noWait: true, signal: new AbortController().signal });
  const wrong = { nowait: true } as never;
  assertThrows(() => checkWaitOptions("try", wrong, "it"), TtmError, 'Cannot try it: unknown "nowait" in the options');
  assertThrows(() => checkWaitOptions("try", wrong), TtmError, 'Cannot try: unknown "nowait"');
  const more = { noWait: true, pages: 1 };
  checkWaitOptions("try", more, undefined, new Set(["noWait", "pages"]));
  assertThrows(() => checkWaitOptions("try", more), TtmError, "known are signal, noWait");
});

Deno.test("checkMethods() refuses an object that lacks a method as EINVAL, and names the first that is missing", () => {
  checkMethods("try", "it", { a: () => {}, b() {} }, ["a", "b"]);
  const error = assertThrows(() => checkMethods("try", "it", { a: () => {} }, ["a", "b", "c"]), TtmError);
  assertEquals([error.code, error.message], ["EINVAL", "Cannot try: it.b must be a function, not undefined"]);
  assertThrows(() => checkMethods("try", "it", null as never, []), TtmError, "it must be an object, not null");
});
