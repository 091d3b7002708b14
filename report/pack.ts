import { fromBase64, toBase64 } from "./base64.ts";

/** A column inside the packed bytes: as what it was, how wide its values are there, where and how many. */
interface PackedColumn {
  readonly column: "int" | "float";
  readonly width: 1 | 2 | 4 | 8;
  readonly at: number;
  readonly length: number;
}

/** Values without their columns, as JSON, and the columns, compressed, as base64. */
export interface Packed {
  readonly json: string;
  readonly base64: string;
}

/**
 * Packs a value that JSON can hold but for its columns (`Int32Array` and `Float64Array`). Whole numbers from -1 on take
 * as many bytes as their column needs, all others eight. The bytes stand by significance, which compresses better.
 */
export async function pack(value: unknown): Promise<Packed> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const json = JSON.stringify(value, (_key, part) => {
    if (!(part instanceof Int32Array || part instanceof Float64Array)) return part;
    const width = widthOf(part);
    const bytes = bytesOf(part, width);
    const column: PackedColumn = {
      column: part instanceof Int32Array ? "int" : "float",
      ...{ width, at: size, length: part.length },
    };
    pieces.push(bytes);
    size += bytes.length;
    return column;
  });
  const stream = new Blob(pieces as Uint8Array<ArrayBuffer>[]).stream();
  return { json, base64: toBase64(await readAll(stream.pipeThrough(new CompressionStream("deflate")))) };
}

/** The value that was packed. */
export async function unpack({ json, base64 }: Packed): Promise<unknown> {
  const stream = new Blob([fromBase64(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = await readAll(stream);
  return JSON.parse(json, (_key, part) => isColumn(part) ? columnOf(part, bytes) : part);
}

function isColumn(part: unknown): part is PackedColumn {
  return typeof part === "object" && part !== null && "column" in part && "width" in part;
}

function widthOf(column: Int32Array | Float64Array): PackedColumn["width"] {
  let most = 0;
  for (const value of column) {
    if (!(Number.isInteger(value) && value >= -1 && value < 2 ** 32 - 1)) return 8;
    most = Math.max(most, value + 1);
  }
  return most < 2 ** 8 ? 1 : most < 2 ** 16 ? 2 : 4;
}

/** The values as bytes, of which the first ones of all values come first. Whole numbers are made to begin at 0. */
function bytesOf(column: Int32Array | Float64Array, width: PackedColumn["width"]): Uint8Array<ArrayBuffer> {
  const count = column.length;
  const packed = new Uint8Array(count * width);
  if (width === 8) {
    const bytes = new Uint8Array(Float64Array.from(column).buffer);
    for (let at = 0; at < bytes.length; at++) packed[(at & 7) * count + (at >> 3)] = bytes[at] as number;
    return packed;
  }
  for (let byte = 0; byte < width; byte++) {
    const [plane, shift] = [byte * count, 8 * byte];
    for (let at = 0; at < count; at++) packed[plane + at] = ((column[at] as number) + 1) >>> shift;
  }
  return packed;
}

function columnOf({ column, width, at: first, length }: PackedColumn, all: Uint8Array): Int32Array | Float64Array {
  const plane = (byte: number) => all.subarray(first + byte * length, first + (byte + 1) * length);
  if (width === 8) {
    const bytes = new Uint8Array(8 * length);
    for (let byte = 0; byte < 8; byte++) {
      const values = plane(byte);
      for (let at = 0; at < length; at++) bytes[8 * at + byte] = values[at] as number;
    }
    const values = new Float64Array(bytes.buffer);
    return column === "int" ? Int32Array.from(values) : values;
  }
  const restored = column === "int" ? new Int32Array(length) : new Float64Array(length);
  const [lowest, low, high, highest] = [0, 1, 2, 3].map((byte) =>
    byte < width ? plane(byte) : new Uint8Array(length)
  ) as [
    ...[Uint8Array, Uint8Array, Uint8Array, Uint8Array],
  ];
  for (let at = 0; at < length; at++) {
    const upper = ((high[at] as number) << 16) | ((highest[at] as number) << 24);
    restored[at] = (((lowest[at] as number) | ((low[at] as number) << 8) | upper) >>> 0) - 1;
  }
  return restored;
}

async function readAll(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
