import { TtmError } from "@ttm/core";
import { createReadStream, statSync } from "node:fs";
import process from "node:process";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { Readable } from "node:stream";
import { type ImportOptions, importRecording, type Recording } from "@ttm/import";
import { UsageError } from "./usage_error.ts";

/** Options of a command that reads recordings. */
export const RECORDING_OPTIONS = {
  "lifetimes": { type: "boolean" },
  "assume-use": { type: "boolean" },
  "device": { type: "string" },
} as const;

/** Values of {@linkcode RECORDING_OPTIONS}. */
export interface RecordingOptions {
  readonly "lifetimes"?: boolean | undefined;
  readonly "assume-use"?: boolean | undefined;
  readonly "device"?: string | undefined;
}

/** What help says of {@linkcode RECORDING_OPTIONS}. */
export const RECORDING_HELP = `  --lifetimes           of a recording without uses: replay allocations and frees alone
  --assume-use          of a recording without uses: each buffer is written after its allocation, read before its free
  --device NUMBER       which device of a recording of several`;

/**
 * Opens a file, and reads what options say about recordings.
 *
 * @throws {UsageError} If it is a folder, or for options that make no sense; also the errors of the file system.
 */
export function openFile(path: string, options: RecordingOptions): readonly [
  file: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: ImportOptions,
] {
  const { lifetimes = false, "assume-use": assume = false, device } = options;
  if (lifetimes && assume) throw new UsageError("Cannot use --lifetimes with --assume-use: choose one");
  if (device !== undefined && !/^\d{1,3}$/.test(device)) {
    throw new UsageError(`Cannot use --device ${JSON.stringify(device)}: give a whole number`);
  }
  if (statSync(path).isDirectory()) throw new UsageError(`Cannot read ${JSON.stringify(path)}: it is a folder`);
  const file = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array<ArrayBuffer>>;
  return [file, {
    uses: assume ? "assumed" : "lifetimes",
    ...(device === undefined ? {} : { device: Number(device) }),
  }];
}

/**
 * Reads a recording of any format. Without `--lifetimes` or `--assume-use` standard error says that it has no uses.
 *
 * @throws {UsageError} As {@linkcode openFile}; also the errors of {@linkcode importRecording}.
 */
export async function readRecordingFile(path: string, options: RecordingOptions = {}): Promise<Recording> {
  const recording = await importRecording(path, ...openFile(path, options));
  if (recording.uses === "lifetimes" && options.lifetimes !== true) {
    const why = "it has no uses of buffers, so allocations place them (--lifetimes); --assume-use adds some";
    process.stderr.write(`${path}: ${why}\n`);
  }
  return recording;
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
  if (error instanceof UsageError) return true;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (error instanceof TtmError) return code === "EINVAL" || code === "ENOMEM";
  const isOfFiles = typeof code === "string" && /^(ERR_PARSE_ARGS_|EISDIR|ENOTDIR|ENOENT|EACCES|EPERM)/.test(code);
  return name === "NotCapable" || isOfFiles;
}

/** How many pieces are written at a time. */
const BATCH = 1000;

/** Joins small pieces of text, so that a stream takes fewer of them. */
export function* inBatches(pieces: Iterable<string>): Generator<string, void> {
  let batch: string[] = [];
  for (const piece of pieces) {
    batch.push(piece);
    if (batch.length < BATCH) continue;
    yield batch.join("");
    batch = [];
  }
  yield batch.join("");
}
