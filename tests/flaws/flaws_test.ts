import { assert, assertEquals } from "@std/assert";
import { testWith } from "../permissions.ts";

const read = (name: string) => Deno.readTextFileSync(new URL(name, import.meta.url));
const NOT_USED = [8, 26, 42];

testWith(["read"], "each flaw has a test that is named after it, or a reason why it cannot happen", () => {
  const rows = [...read("README.md").matchAll(/^\| F(\d+) .*\|(.*)\|$/gm)];
  const numbers = Array.from({ length: 45 }, (_, at) => at + 1).filter((number) => !NOT_USED.includes(number));
  assertEquals(rows.map(([, number]) => Number(number)), numbers);
  for (const [, number, shown = ""] of rows) {
    const [file] = /\w+_test\.ts/.exec(shown) ?? [];
    if (file === undefined) assert(shown.trim().length > 20, `F${number} has neither test nor reason`);
    else assert(read(file).includes(`Deno.test("F${number}:`), `${file} has no test of F${number}`);
  }
});
