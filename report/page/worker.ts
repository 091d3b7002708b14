/// <reference lib="webworker" />
import { decompress } from "fzstd";
import { openRecord } from "../open_record.ts";
import { reduce } from "../reduce/reduce.ts";
import type { Run } from "../run.ts";

/** A file to read. */
export interface Question {
  readonly file: File;
  readonly uses: "assumed" | "lifetimes";
  readonly device: number | null;
}

/** What became of it. */
export type Answer = { readonly run: Run } | { readonly error: string };

/** Reads a file as a run; errors are answers. */
export async function answer({ file, uses, device }: Question): Promise<Answer> {
  try {
    const options = { uses, zstd: decompress, ...(device === null ? {} : { device }) };
    return { run: reduce(await openRecord(file.name, file.stream(), options)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Answers the page. */
export function serve(): void {
  const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
  scope.onmessage = async ({ data }: MessageEvent<Question>) => {
    const answered = await answer(data);
    scope.postMessage(answered, "run" in answered ? columnsOf(answered.run) : []);
  };
}

/** The memory of all columns, which moves to the page instead of being copied. */
function columnsOf(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return value.byteLength === 0 ? [] : [value.buffer as ArrayBuffer];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(columnsOf) : [];
}
