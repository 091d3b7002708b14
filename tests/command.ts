import process from "node:process";
import type { ParseArgsConfig } from "node:util";
import { type Arguments, readArguments, runMain } from "../replay/main.ts";
import { UsageError } from "../replay/usage_error.ts";

export { UsageError };

type Options = NonNullable<ParseArgsConfig["options"]>;

/** A command of this repository. */
export interface Command<Given extends Options> {
  /** What `--help` prints: what it does, how it is used, each option. */
  readonly help: string;
  readonly options: Given;
  /** How many arguments there may be beside options. @default {0} */
  readonly arguments?: number;
  /** Does it; returns the exit status. A {@linkcode UsageError} is one line and status 2. */
  run(values: Arguments<Given>["values"], positionals: readonly string[]): Promise<number> | number;
}

/** Runs a command with the arguments of this process: `--help` explains and does nothing, what is unknown is refused. */
export async function runCommand<const Given extends Options>(command: Command<Given>): Promise<void> {
  await runMain(async (args) => {
    const options = { ...command.options, help: { type: "boolean" } } as const;
    const { values, positionals } = readArguments(args, options, command.arguments ?? 0);
    if ((values as { help?: boolean }).help !== true) return await command.run(values as never, positionals);
    process.stdout.write(`${command.help.trim()}\n`);
    return 0;
  });
}

/** A whole number from an option. */
export function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`Cannot use --${name} ${JSON.stringify(text)}: give a whole number from ${least}`);
}
