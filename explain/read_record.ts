import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import type { DeviceRecord, RecordEvent, RecordHeader } from "./record.ts";
import { EVENTS, HEADER } from "./record_shape.ts";

/** Characters of the longest line; those of a recorder have a few thousand. */
const MOST_LINE = 2 ** 22;

/**
 * Reads a record from the lines that `writeRecord` makes, piece by piece. The line end of the last line may be missing.
 * Members with other names are left alone.
 *
 * @param file The file's name in error messages.
 * @throws {TtmError} `EINVAL` with file and line, and nothing is returned, if the contents are empty or not UTF-8 text,
 * a line is not a JSON object, its first one is not the header of a record, an event misses a member or has one of a
 * wrong type, is earlier than the one before, names a buffer or a memory type that is not there, or creates a buffer
 * again.
 */
export async function readRecord(
  file: string,
  source: Uint8Array | ReadableStream<Uint8Array>,
): Promise<DeviceRecord> {
  let at = 1;
  const fail = (why: string) => new TtmError("EINVAL", `${file}:${at}: Cannot read the record: ${why}`);
  let reader: RecordReader | null = null;
  for await (const line of linesOf(source, fail)) {
    const value = parse(line, fail);
    if (reader === null) reader = new RecordReader(value, fail);
    else reader.add(value);
    at++;
  }
  if (reader === null) throw fail("it is empty");
  return reader;
}

type Fail = (why: string) => TtmError;

/** Takes the lines one by one. */
class RecordReader implements DeviceRecord {
  readonly header: RecordHeader;
  readonly events: RecordEvent[] = [];
  #fail: Fail;
  #types: ReadonlySet<string>;
  #buffers = new Set<number>();
  #time = -Infinity;

  constructor(header: unknown, fail: Fail) {
    const wrong = HEADER(header);
    if (wrong !== null) throw fail(`its first line must be ${wrong}`);
    this.header = header as RecordHeader;
    this.#fail = fail;
    this.#types = new Set(this.header.memoryTypes.map(({ name }) => name));
  }

  add(value: Record<string, unknown>): void {
    const { kind } = value;
    const shape = typeof kind === "string" && Object.hasOwn(EVENTS, kind) ? EVENTS[kind as RecordEvent["kind"]] : null;
    if (shape === null) throw this.#fail(`there is no event of the kind ${show(kind)}`);
    const wrong = shape(value);
    if (wrong !== null) throw this.#fail(`the event ${kind} must be ${wrong}`);
    const event = value as unknown as RecordEvent;
    if (event.time < this.#time) throw this.#fail(`${event.time} ms is before the event on the line before`);
    this.#time = event.time;
    this.#mustBeThere(event);
    this.events.push(event);
  }

  #mustBeThere(event: RecordEvent): void {
    if (event.kind === "create") {
      if (this.#buffers.has(event.buffer)) throw this.#fail(`buffer ${event.buffer} was created before`);
      this.#buffers.add(event.buffer);
      return;
    }
    this.#mustKnow(event.buffer);
    if (event.kind === "free") this.#mustBeTypes(event.place);
    if (event.kind !== "move") return;
    const { from, to, eviction } = event;
    this.#mustBeTypes(from, to, eviction?.place);
    this.#mustKnow(eviction?.forBuffer ?? null);
    for (const { buffer } of eviction?.passedOver ?? []) this.#mustKnow(buffer);
  }

  #mustBeTypes(...places: readonly ({ readonly memoryType: string } | null | undefined)[]): void {
    for (const place of places) {
      if (!place || this.#types.has(place.memoryType)) continue;
      throw this.#fail(`there is no memory type ${show(place.memoryType)}`);
    }
  }

  #mustKnow(buffer: number | null): void {
    if (buffer !== null && !this.#buffers.has(buffer)) throw this.#fail(`no buffer ${buffer} was created`);
  }
}

function parse(line: string, fail: Fail): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw fail(`the line is not JSON: ${show(line.slice(0, 40))}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw fail(`the line must be a JSON object, but is ${show(value)}`);
}

/** The lines of UTF-8 text. */
async function* linesOf(source: Uint8Array | ReadableStream<Uint8Array>, fail: Fail): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes === undefined
        ? decoder.decode()
        : decoder.decode(bytes as Uint8Array<ArrayBuffer>, { stream: true });
    } catch {
      throw fail("it is not UTF-8 text");
    }
  };
  let begun = "";
  for await (const bytes of source instanceof Uint8Array ? [source] : piecesOf(source)) {
    const lines = (begun + decode(bytes)).split("\n");
    begun = lines.pop() ?? "";
    if (begun.length > MOST_LINE) throw fail(`a line has more than ${MOST_LINE} characters`);
    yield* lines;
  }
  begun += decode();
  if (begun !== "") yield begun;
}

async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    reader.releaseLock();
  }
}
