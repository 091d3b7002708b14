/** Runs the cases that a module registers, one after the other; the arguments are the module and its export. */
import type { Case, Outcome } from "./cases.ts";

const [module = "", name = ""] = Deno.args;
const cases: Case[] = [];
await (await import(module))[name]((name: string, fn: Case["fn"]) => cases.push({ name, fn }));
for (const { name, fn } of cases) {
  const say = (failure: string | null) => {
    const outcome: Outcome = { name, failure };
    Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(outcome)}\n`));
  };
  try {
    await fn();
    say(null);
  } catch (error) {
    say(error instanceof Error ? error.stack ?? error.message : String(error));
  }
}
Deno.exit();
