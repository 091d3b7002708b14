import { WorkloadError } from "./workload.ts";

/** What a recording is read from: all of its bytes, or a stream of them. */
export type Source = Uint8Array | ReadableStream<Uint8Array>;

/** The contents of a file after decompression, in pieces that are not empty. */
export type Pieces = AsyncIterable<Uint8Array>;

/**
 * How many bytes of gzip data are decompressed at a time: a corrupt piece yields nothing, so smaller pieces report an
 * error closer to the fault.
 */
const GZIP_PIECE = 512;
const PIECE = 65_536;

/**
 * Reads the bytes of a file in pieces, decompressed if it is gzip'd (detected by the first two bytes). Pieces are not
 * empty. A consumer that stops early cancels the stream.
 *
 * @throws {WorkloadError} Where the gzip data is cut short or corrupt: at the offset where the readable data ends.
 */
export async function* readBytes(file: string, source: Source): AsyncGenerator<Uint8Array, void> {
  const pieces = source instanceof Uint8Array ? inTurn(split(source, PIECE)) : readStream(source);
  try {
    const head: Uint8Array[] = [];
    let known = 0;
    while (known < 2) {
      const { done, value } = await pieces.next();
      if (done) break;
      head.push(value);
      known += value.length;
    }
    const [first, second] = join(head);
    const all = chain(head, pieces);
    yield* first === 0x1f && second === 0x8b ? decompress(file, all) : all;
  } finally {
    await pieces.return();
  }
}

/** One array with the contents of all. */
export function join(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

async function* chain(head: readonly Uint8Array[], rest: Pieces): AsyncGenerator<Uint8Array, void> {
  yield* head;
  yield* rest;
}

async function* inTurn(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}

/** Reads a stream, which not every browser can iterate over. */
async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      if (value.length > 0) yield value;
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    if (!ended) await reader.cancel();
    reader.releaseLock();
  }
}

async function* decompress(file: string, pieces: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  // An error of the source is its own, and no fault of the gzip data.
  let failure: { readonly error: unknown } | undefined;
  const small = (async function* () {
    for await (const piece of pieces) yield* split(new Uint8Array(piece), GZIP_PIECE);
  })();
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await small.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        failure = { error };
        throw error;
      }
    },
    cancel: async () => void await small.return(),
  }, { highWaterMark: 0 });
  const plain = readStream(packed.pipeThrough(new DecompressionStream("gzip")));
  try {
    for (;;) {
      const { done, value } = await plain.next().catch(() => {
        if (failure !== undefined) throw failure.error;
        const why = "Cannot read the file any further: its gzip data is cut short or corrupt";
        throw new WorkloadError(file, { offset }, why);
      });
      if (done) return;
      offset += value.length;
      yield value;
    }
  } finally {
    await plain.return().catch(() => {});
  }
}

function* split<Buffer extends ArrayBufferLike>(data: Uint8Array<Buffer>, size: number): Generator<Uint8Array<Buffer>> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}
