import { assert, assertEquals } from "@std/assert";
import { testWith } from "../permissions.ts";
import { areas, markdown } from "./table.ts";

const core = new URL("../../core/", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, core));
/** Cells are padded to the width of their column in one and not in the other. */
const squeeze = (text: string) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");

testWith(["read"], "the README of the core lists every function of the original", () => {
  const readme = squeeze(read("README.md"));
  for (const section of squeeze(markdown()).split("\n\n")) assert(readme.includes(section), section);
});

for (const row of Object.values(areas).flat()) {
  const name = `${row.original}: its test exists, and the line that the test guards`;
  testWith(["read"], name, () => {
    for (const [column, text] of Object.entries(row)) assert(text !== "" || column === "broken", `${column} is empty`);
    const quoted = [`"${row.test}"`, `'${row.test}'`, `\`${row.test}\``];
    assert(quoted.some((name) => read(row.testFile).includes(name)), `${row.testFile} has no test "${row.test}"`);
    assertEquals(read(row.file).split(row.line).length - 1, 1, `"${row.line}" in ${row.file}`);
    assert(row.line !== row.broken);
  });
}
