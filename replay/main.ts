import { TtmError } from "@ttm/core";
import { createReadStream } from "node:fs";
import process from "node:process";
import { Readable } from "node:stream";
import { readBoTrace } from "./bo_trace.ts";
import { UsageError } from "./usage_error.ts";
import { type Workload, WorkloadError } from "./workload.ts";

/** Reads a workload from a bo-trace file. Throws what {@linkcode readBoTrace} throws, and what the file system does. */
export async function readTraceFile(path: string): Promise<Workload> {
  return await readBoTrace(path, Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>);
}

/** Runs a command line; its number is the exit status, and 2 that of mistakes of the caller, told in one line. */
export async function runMain(main: (args: string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.exitCode = isUsageError(error) ? 2 : 1;
    process.stderr.write(`${isUsageError(error) ? error.message.split("\n")[0] : (error as Error).stack}\n`);
  }
}

/** Mistakes of the caller, which deserve a message and no stack trace. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof WorkloadError || error instanceof UsageError) return true;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (error instanceof TtmError) return code === "EINVAL" || code === "ENOMEM";
  const isOfFiles = typeof code === "string" && /^(ERR_PARSE_ARGS_|EISDIR|ENOTDIR|ENOENT|EACCES|EPERM)/.test(code);
  return name === "NotCapable" || isOfFiles;
}
