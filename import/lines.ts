import { join, type Pieces } from "./bytes.ts";
import { WorkloadError } from "./workload.ts";

/** A line of a file. */
export interface Line {
  /** Its number, from 1. */
  readonly at: number;
  /** Its text, without the line end. */
  readonly text: string;
  /** Whether it has its line end; only the last line may not. */
  readonly ended: boolean;
}

const LINE_FEED = 10;

/**
 * Reads the lines of a file. The line end of the last line may be missing.
 *
 * @param file The file's name in error messages.
 * @throws {WorkloadError} Where the contents cannot be read any further, or are not UTF-8 text: at that line.
 */
export async function* readLines(file: string, pieces: Pieces): AsyncGenerator<Line, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let at = 1;
  let begun: Uint8Array[] = [];
  const decode = (end: Uint8Array): string => {
    const bytes = begun.length === 0 ? end : join([...begun, end]);
    begun = [];
    try {
      return decoder.decode(bytes as Uint8Array<ArrayBuffer>);
    } catch {
      throw new WorkloadError(file, { line: at }, "Cannot read the file any further: it is not UTF-8 text");
    }
  };
  try {
    for await (const piece of pieces) {
      let start = 0;
      for (;;) {
        const end = piece.indexOf(LINE_FEED, start);
        if (end < 0) break;
        const text = decode(piece.subarray(start, end));
        yield { at, text, ended: true };
        at++;
        start = end + 1;
      }
      if (start < piece.length) begun.push(piece.subarray(start));
    }
  } catch (error) {
    throw error instanceof WorkloadError ? new WorkloadError(file, { line: at }, error.why) : error;
  }
  const text = decode(new Uint8Array());
  if (text !== "") yield { at, text, ended: false };
}
