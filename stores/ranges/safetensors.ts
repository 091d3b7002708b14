import { type ReadOnlyStore, TtmError } from "@ttm/core";
import { type ByteSource, checkSource, readFrom } from "./byte_source.ts";
import { Flaw, type Header, parseHeader, PREFIX, type Tensor } from "./header.ts";
import { rangeStore } from "./range_store.ts";

export type { Tensor };

/** A safetensors file whose header has been read. */
export interface Safetensors {
  /** The bytes of the tensors, under their names. */
  readonly store: ReadOnlyStore;
  /** The tensors, in the order of their bytes in the file. */
  readonly tensors: readonly Tensor[];
  /** What the file says of itself (`__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The longest header that the reference implementation reads. */
const MAX_HEADER = 100_000_000;

/**
 * Reads the header of a safetensors file, and nothing of its tensors.
 *
 * @throws {TtmError} `EINVAL` if `source` is none; `EIO` if it cannot be read, or is no safetensors file: the message says
 * what is wrong at which byte.
 *
 * @example A file with one tensor
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { blobSource, safetensors } from "@ttm/range-store";
 *
 * const header = new TextEncoder().encode(`{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`);
 * const file = new Blob([new BigUint64Array([BigInt(header.length)]), header, new Uint8Array([7, 8])]);
 * const { store, tensors } = await safetensors(blobSource(file));
 * assertEquals(tensors, [{ name: "w", dtype: "U8", shape: [2], offset: 8 + header.length, bytes: 2 }]);
 * assertEquals(await store.read("w"), new Uint8Array([7, 8]));
 * ```
 */
export async function safetensors(source: ByteSource): Promise<Safetensors> {
  checkSource("read safetensors", source);
  try {
    const { tensors, metadata } = await readHeader(source);
    const ranges = new Map(tensors.map(({ name, offset, bytes }) => [name, { offset, length: bytes }]));
    return { store: rangeStore({ source, ranges }), tensors, metadata };
  } catch (error) {
    if (!(error instanceof Flaw)) throw error;
    throw new TtmError("EIO", `Cannot read safetensors of ${source.name}: at byte ${error.at}, ${error.message}`);
  }
}

async function readHeader(source: ByteSource): Promise<Header> {
  const size = await sizeOf(source);
  if (size < PREFIX) throw new Flaw(size, `the file ends before the ${PREFIX} bytes of the length of its header`);
  const prefix = await readFrom(source, 0, PREFIX);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER) throw new Flaw(0, `the header has ${length} bytes, and more than ${MAX_HEADER} are refused`);
  const end = PREFIX + Number(length);
  if (end > size) throw new Flaw(0, `the header has ${length} bytes, and the file ends after ${size}`);
  return parseHeader(await readFrom(source, PREFIX, Number(length)), size);
}

async function sizeOf(source: ByteSource): Promise<number> {
  try {
    return await source.size();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : cause;
    throw new TtmError("EIO", `Cannot read the size of ${source.name}: ${why}`, { cause });
  }
}
