import { assertEquals, assertThrows } from "@std/assert";
import { checkInteger, checkObject, show } from "./arguments.ts";
import { TtmError } from "./mod.ts";

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

Deno.test("checkInteger() refuses everything else as EINVAL, naming call, argument and value", () => {
  for (const value of [1, 5, 2.5, NaN, Infinity, -Infinity, 2 ** 60, "3", 3n, null, undefined, [3], {}, true]) {
    const error = assertThrows(() => checkInteger("try", "n", value, 2, 4), TtmError);
    assertEquals(error.code, "EINVAL");
    assertEquals(error.message, `Cannot try: n must be a whole number from 2 to 4, not ${show(value)}`);
  }
});

Deno.test("checkObject() refuses what has no members as EINVAL", () => {
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
