import { WorkloadError } from "./workload.ts";

/** A line of a file. */
export interface Line {
  /** Its number, from 1. */
  readonly at: number;
  /** Its text, without the line end. */
  readonly text: string;
}

/**
 * Reads the lines of a file, plain or gzip'd (detected by the first two bytes). The line end of the last line may be
 * missing.
 *
 * @param file The file's name in error messages.
 * @throws {WorkloadError} Where the gzip data is cut short or corrupt, or the text is not UTF-8: at the line where the
 * readable data ends.
 */
export async function* readLines(
  file: string,
  source: Uint8Array | ReadableStream<Uint8Array>,
): AsyncGenerator<Line, void> {
  const data = await gather(source);
  const gzipped = data[0] === 0x1f && data[1] === 0x8b;
  const pieces = ReadableStream.from(split(data));
  const plain = gzipped ? pieces.pipeThrough(new DecompressionStream("gzip")) : pieces;
  let at = 1;
  let rest = "";
  try {
    for await (const chunk of plain.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
      const texts = chunk.split("\n");
      texts[0] = rest + texts[0];
      rest = texts.pop() ?? "";
      for (const text of texts) yield { at: at++, text };
    }
  } catch {
    const why = gzipped ? "its gzip data is cut short or corrupt, or holds no UTF-8 text" : "it is not UTF-8 text";
    throw new WorkloadError(file, at, `Cannot read the file any further: ${why}`);
  }
  if (rest !== "") yield { at, text: rest };
}

async function gather(source: Uint8Array | ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof Uint8Array) return new Uint8Array(source);
  const chunks: BlobPart[] = [];
  for await (const chunk of source) chunks.push(new Uint8Array(chunk));
  return await new Blob(chunks).bytes();
}

/** Small chunks: a corrupt chunk yields no lines, so smaller chunks report an error closer to the corrupt line. */
function* split(data: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  const size = 512;
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}
