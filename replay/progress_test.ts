import { assert, assertEquals, assertMatch } from "@std/assert";
import process from "node:process";
import { progressBar } from "./progress.ts";

/** The output of `act` on a simulated standard error, which is a terminal or not. */
function written(isTTY: boolean, act: () => void): string[] {
  const { stderr } = process;
  const real = { write: stderr.write, isTTY: Object.getOwnPropertyDescriptor(stderr, "isTTY") };
  const texts: string[] = [];
  Object.defineProperty(stderr, "isTTY", { value: isTTY, configurable: true });
  stderr.write = (text: unknown) => texts.push(String(text)) > 0;
  try {
    act();
  } finally {
    stderr.write = real.write;
    if (real.isTTY === undefined) Reflect.deleteProperty(stderr, "isTTY");
    else Object.defineProperty(stderr, "isTTY", real.isTTY);
  }
  return texts;
}

Deno.test("progressBar() draws nothing outside a terminal, and nothing for a total of 0", () => {
  assertEquals(written(false, () => assertEquals(progressBar(10), undefined)), []);
  assertEquals(written(true, () => assertEquals(progressBar(0), undefined)), []);
});

Deno.test("progressBar() draws each percentage once, on the same line", () => {
  const texts = written(true, () => {
    const bar = progressBar(1000);
    for (let done = 0; done <= 1000; done++) bar?.update(done);
  });
  assertEquals(texts.length, 101);
  assertEquals(texts[0], `\r${"░".repeat(40)} 0 %`);
  assertEquals(texts[50], `\r${"█".repeat(20)}${"░".repeat(20)} 50 %`);
  assertEquals(texts[100], `\r${"█".repeat(40)} 100 %`);
});

Deno.test("progressBar() clears its line at the end", () => {
  const [drawn = "", wiped = ""] = written(true, () => {
    const bar = progressBar(1);
    bar?.update(1);
    bar?.clear();
  });
  assertMatch(wiped, /^\r +\r$/);
  assert(wiped.length - 2 >= drawn.length - 1, "all of it");
});
