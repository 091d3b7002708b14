import { assertEquals, assertRejects } from "@std/assert";
import { readBoTrace } from "./bo_trace.ts";
import { boTraceLines } from "./bo_trace_write.ts";
import { type Workload, WorkloadError } from "./workload.ts";

/** For tests: a header with all required fields. */
export const HEADER = { format: "bo-trace", version: 1, name: "test", time: "seq" };

/** For tests: a bo-trace with these lines. Strings are lines as they are, objects become JSON. */
export function traceFile(lines: readonly (object | string)[]): Uint8Array<ArrayBuffer> {
  const texts = lines.map((line) => typeof line === "string" ? line : JSON.stringify(line));
  return new TextEncoder().encode(texts.map((text) => `${text}\n`).join(""));
}

/** For tests: fails unless reading the file fails at `line`, with `FILE:LINE: ` and then `why` as the message. */
export async function assertRefused(file: Uint8Array, line: number, why: string): Promise<void> {
  const error = await assertRejects(() => readBoTrace("trace.jsonl", file), WorkloadError);
  assertEquals(error.message, `trace.jsonl:${line}: ${why}`);
  assertEquals([error.file, error.line], ["trace.jsonl", line]);
}

/** For tests: fails unless a workload, written as a bo-trace, is accepted by {@linkcode readBoTrace} and unchanged but for its addresses. */
export async function checkWorkload({ addresses: _, ...workload }: Workload): Promise<void> {
  assertEquals(await readBoTrace(workload.name, traceFile([...boTraceLines(workload)])), workload);
}

/** For tests: the same file, gzip'd. */
export function gzip(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Response(new Blob([data]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}
