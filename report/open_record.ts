import { readRecord } from "@ttm/explain";
import { type ImportOptions, importRecording } from "@ttm/import";
import { recordOf } from "./recording.ts";
import type { ReportedRecord } from "./run.ts";

/** Options of {@linkcode openRecord}, which concern recordings of other tools. */
export type OpenOptions = ImportOptions;

/** What the first line of a saved record has. */
const RECORD = /"format"\s*:\s*"ttm-record"/;
const SNIFFED_BYTES = 4096;
const GZIP = [0x1f, 0x8b];

/**
 * Reads a file as a record, plain or gzip'd: one that `writeRecord` of `@ttm/explain` has made, or a recording that
 * `@ttm/import` knows. The stream is read piece by piece.
 *
 * @param name The file's name in error messages.
 * @throws {TtmError} `EINVAL` for contents of no known format, and for those that are wrong, with their line or offset.
 * Errors of the stream are passed on.
 *
 * @example A saved record
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openRecord } from "@ttm/report";
 *
 * const header = {
 *   ...{ format: "ttm-record", version: 1, run: "r", pageSize: 4096, driver: "d", policy: "lru", lost: 0 },
 *   memoryTypes: [{ name: "system", pages: null, manager: null }],
 * };
 * const file = new Blob([`${JSON.stringify(header)}\n`]).stream();
 * assertEquals((await openRecord("run.jsonl", file)).header.run, "r");
 * ```
 */
export async function openRecord(
  name: string,
  file: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: OpenOptions = {},
): Promise<ReportedRecord> {
  const [head, all] = await peek(file);
  const packed = GZIP.every((byte, at) => head[at] === byte);
  const text = new TextDecoder().decode(packed ? await beginning(head) : head);
  if (!RECORD.test(text)) return recordOf(await importRecording(name, all, options));
  return await readRecord(name, packed ? all.pipeThrough(new DecompressionStream("gzip")) : all);
}

/** The first bytes of a stream, and a stream that begins with them. */
async function peek(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<[head: Uint8Array<ArrayBuffer>, all: ReadableStream<Uint8Array<ArrayBuffer>>]> {
  const reader = stream.getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let known = 0; known < SNIFFED_BYTES;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    known += value.length;
  }
  const head = new Uint8Array(await new Blob(pieces).arrayBuffer());
  const all = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => head.length === 0 ? undefined : controller.enqueue(head),
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return [head, all];
}

/** What the beginning of gzip'd data decompresses to, if it does; damage is for the reader of the whole to report. */
async function beginning(head: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const reader = new Blob([head]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const { value } = await reader.read().catch(() => ({ value: undefined }));
  await reader.cancel().catch(() => {});
  return value ?? new Uint8Array();
}
