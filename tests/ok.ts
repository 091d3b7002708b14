/**
 * The gate: everything that must hold before a change lands: `deno task ok`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { runCommand } from "./command.ts";
import { ROOT } from "./members.ts";

const LOCKED = ["--lock=deno.lock", "--frozen"];

/** Name and arguments of each step, in their order. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  "formatting": ["fmt", "--check", "--quiet"],
  "lint": ["lint", "--quiet"],
  "types": ["check", "--quiet", ...LOCKED],
  "rooms": ["task", "rooms"],
  "tests": ["task", "test"],
  "documentation": ["task", "lint:doc"],
  "publication": ["task", "publish:check"],
};

await runCommand({
  help: `Checks everything that must hold before a change lands: ${Object.keys(STEPS).join(", ")}.
Stops at the first step that fails.

Usage: deno task ok

  --help`,
  options: {},
  async run() {
    for (const [name, args] of Object.entries(STEPS)) {
      console.log(`== ${name}`);
      const { success } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT }).spawn().status;
      if (success) continue;
      console.error(`the gate stops at: ${name}`);
      return 1;
    }
    return 0;
  },
});
