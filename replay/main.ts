import { TtmError } from "@ttm/core";
import { createReadStream, statSync } from "node:fs";
import process from "node:process";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { Readable } from "node:stream";
import { readBoTrace } from "@ttm/import";
import { UsageError } from "./usage_error.ts";
import { type Workload, WorkloadError } from "@ttm/import";

/**
 * Reads a workload from a bo-trace file.
 *
 * @throws {UsageError} If it is a folder; also the errors of {@linkcode readBoTrace} and of the file system.
 */
export async function readTraceFile(path: string): Promise<Workload> {
  if (statSync(path).isDirectory()) throw new UsageError(`Cannot replay ${JSON.stringify(path)}: it is a folder`);
  return await readBoTrace(path, Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>);
}

/** 128 and the number of the signal. */
const SIGPIPE_STATUS = 141;

type Options = NonNullable<ParseArgsConfig["options"]>;

/** The result of {@linkcode readArguments}; an option that is not given is undefined. */
export type Arguments<Given extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Given; allowPositionals: true }>
>;

/**
 * Reads the arguments of a command line. A `--`, which task runners pass through, is ignored. The argument after an
 * option that takes a value is that value, even if it is a negative number.
 *
 * @param most The maximum number of arguments that are not options.
 * @throws {UsageError} For more of them; also the errors of `parseArgs` for unknown options and missing values.
 */
export function readArguments<const Given extends Options>(
  args: readonly string[],
  options: Given,
  most = 0,
): Arguments<Given> {
  const given: string[] = [];
  for (const arg of args.filter((arg) => arg !== "--")) {
    const before = given.at(-1) ?? "";
    const takesValue = options[before.replace(/^--/, "")]?.type === "string" && before.startsWith("--");
    if (takesValue && /^-\.?\d/.test(arg)) given[given.length - 1] = `${before}=${arg}`;
    else given.push(arg);
  }
  const read = parseArgs({ args: given, options, allowPositionals: true, tokens: true });
  const seen = new Set<string>();
  for (const token of read.tokens) {
    if (token.kind !== "option") continue;
    if (seen.has(token.name)) throw new UsageError(`Cannot use --${token.name} twice`);
    seen.add(token.name);
  }
  const extra = read.positionals[most];
  if (extra !== undefined) throw new UsageError(`Cannot use the argument ${JSON.stringify(extra)}: see --help`);
  return read;
}

/**
 * Runs a command, which returns the exit status. Mistakes of the caller are reported in one line, with status 2. Whoever
 * reads its output may stop reading: the command ends then without a word, with the status of a process that SIGPIPE ends.
 */
export async function runMain(main: (args: string[]) => Promise<number>): Promise<void> {
  process.stdout.on("error", (error: Error & { code?: string }) => {
    if (error.code === "EPIPE") process.exit(SIGPIPE_STATUS);
    throw error;
  });
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.exitCode = isUsageError(error) ? 2 : 1;
    process.stderr.write(`${isUsageError(error) ? error.message.split("\n")[0] : (error as Error).stack}\n`);
  }
}

/** Whether an error is the caller's mistake, reported by its message without a stack trace. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof WorkloadError || error instanceof UsageError) return true;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (error instanceof TtmError) return code === "EINVAL" || code === "ENOMEM";
  const isOfFiles = typeof code === "string" && /^(ERR_PARSE_ARGS_|EISDIR|ENOTDIR|ENOENT|EACCES|EPERM)/.test(code);
  return name === "NotCapable" || isOfFiles;
}
