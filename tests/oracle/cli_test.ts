import { assert, assertEquals } from "@std/assert";
import { testWith } from "../permissions.ts";

const CLI = new URL("./cli.ts", import.meta.url).href;
const SMALL = new URL("./traces/small/read-after-swapout-and-purge.jsonl", import.meta.url);

async function replay(text: string) {
  const file = await Deno.makeTempFile({ suffix: ".jsonl" });
  await Deno.writeTextFile(file, text);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--allow-read", CLI, file],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  await Deno.remove(file);
  const [out = "", err = ""] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes).replaceAll(file, "FILE")
  );
  return { code, out, err };
}

testWith(
  ["read", "write", "run", "env"],
  "the command reports the result of a trace, and the line of an error",
  async () => {
    const text = await Deno.readTextFile(SMALL);
    const equal = await replay(text);
    assertEquals([equal.code, equal.err], [0, ""]);
    assert(equal.out.endsWith(": 6 operations, 0 divergences\n"), equal.out);
    const different = await replay(text.replace('"v":[77,78]', '"v":[77,79]'));
    assertEquals([different.code, different.err], [1, ""]);
    assert(
      different.out.endsWith('  operation 5\n    expected {"v":[77,79]}\n    found    {"v":[77,78]}\n'),
      different.out,
    );
    const wrong = await replay(text.replace('"op":"write","bo":0', '"op":"write","bo":-1'));
    assertEquals([wrong.code, wrong.out], [2, ""]);
    const message = 'Cannot replay FILE:3: write has "bo": -1, not a whole number from 0 to 9007199254740991\n';
    assert(wrong.err.endsWith(message), wrong.err);
  },
);

testWith(["read", "run", "env"], "the command ends without a message when its output is closed", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--allow-read", CLI, SMALL.pathname, SMALL.pathname],
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  await child.stdout.cancel();
  assertEquals([await new Response(child.stderr).text(), (await child.status).code], ["", 141]);
});
