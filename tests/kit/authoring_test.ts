import { assert, assertEquals } from "@std/assert";
import { testWith } from "../permissions.ts";
import guide from "./AUTHORING.md" with { type: "text" };
import { shownFiles } from "./starting_point.ts";
import { ScratchWorkspace } from "./testing_workspace.ts";

const files = shownFiles(guide);

Deno.test("the guide shows each part with its test file", () => {
  const parts = [...files.keys()].filter((name) => !name.endsWith("_test.ts"));
  assertEquals(parts.length, files.size / 2);
  for (const part of parts) assert(files.has(part.replace(".ts", "_test.ts")), `${part} has no test file`);
});

testWith(["read", "write", "run"], "the parts of the guide pass the suites as printed", async () => {
  using scratch = new ScratchWorkspace();
  for (const [name, code] of files) scratch.write(`guide/${name}`, code);
  for (const command of [["check"], ["lint"], ["fmt", "--check"], ["test", "--doc", "--no-check", "--quiet"]]) {
    const { code, out, err } = await scratch.deno([...command, "guide"]);
    assertEquals(code, 0, `deno ${command.join(" ")} says:\n${out}${err}`);
    // Each suite has more than a dozen cases.
    const passed = Number(/(\d+) passed/.exec(out)?.[1] ?? Infinity);
    assert(passed > 12 * files.size / 2, `only ${passed} cases have been run`);
  }
});
