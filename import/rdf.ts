import type { Fail } from "./values.ts";
import { unzstd, type ZstdDecoder } from "./zstd.ts";

/** A chunk of an RDF file. */
export interface RdfChunk {
  /** What it holds: `RmtData`. */
  readonly name: string;
  /** Its own header. */
  readonly header: DataView;
  /** Its data, decompressed. */
  readonly data: DataView;
  /** Makes the error for an offset in its data. */
  readonly failAt: (offset: number) => Fail;
}

/** The first bytes of an RDF file. */
export const RDF_MAGIC = "AMD_RDF ";

const FILE_HEADER_BYTES = 32;
const ENTRY_BYTES = 64;
const NAME_BYTES = 16;
const [UNCOMPRESSED, ZSTD] = [0, 1];
/** The most that all chunks of a file may take when they are decompressed. */
const MOST_UNPACKED = 2 ** 30;

/**
 * Reads the table of chunks at the end of an RDF file, and the chunks of these names.
 *
 * @param failAt Makes the error for an offset.
 * @param decoder Decompresses chunks. @default {the one of the platform}
 * @throws {WorkloadError} For a table or a chunk that lies outside of the file, as after a cut, and for a compressed
 * chunk that has not the size that it is said to have, is corrupt, or cannot be decompressed here.
 */
export function readRdf(
  file: Uint8Array,
  names: ReadonlySet<string>,
  failAt: (offset: number) => Fail,
  decoder?: ZstdDecoder,
): RdfChunk[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < FILE_HEADER_BYTES) throw failAt(file.length)("the file is cut short");
  const inside = (at: number, field: string, offset: bigint, bytes: bigint): DataView => {
    if (offset + bytes > BigInt(file.length)) throw failAt(at)(`${field} ends beyond the file: is it cut short?`);
    return new DataView(file.buffer, file.byteOffset + Number(offset), Number(bytes));
  };
  const table = inside(16, "the table of chunks", view.getBigUint64(16, true), view.getBigUint64(24, true));
  if (table.byteLength % ENTRY_BYTES !== 0) throw failAt(24)("the table of chunks has no whole number of entries");
  let unpacked = 0n;
  return Array.from({ length: table.byteLength / ENTRY_BYTES }, (_, index) => {
    const at = index * ENTRY_BYTES;
    const base = table.byteOffset - file.byteOffset + at;
    const part = (field: string, from: number) =>
      inside(base + from, field, table.getBigUint64(at + from, true), table.getBigUint64(at + from + 8, true));
    const name = text(new Uint8Array(table.buffer, table.byteOffset + at, NAME_BYTES));
    const header = part(`the header of chunk ${index}`, 24);
    const stored = part(`chunk ${index}`, 40);
    const offset = stored.byteOffset - file.byteOffset;
    const compression = table.getUint8(at + NAME_BYTES);
    if (compression === UNCOMPRESSED || !names.has(name)) {
      return { name, header, data: stored, failAt: (within: number) => failAt(offset + within) };
    }
    if (compression !== ZSTD) throw failAt(base + 16)(`chunk ${index} has the unknown compression ${compression}`);
    const bytes = table.getBigUint64(at + 56, true);
    unpacked += bytes;
    if (unpacked > MOST_UNPACKED) throw failAt(base + 56)(`its chunks have more than ${MOST_UNPACKED} bytes`);
    const data = unzstd(bytesOf(stored), Number(bytes), decoder, (why) => failAt(offset)(`chunk ${index}: ${why}`));
    // There is no such place in the file.
    const inChunk = (within: number): Fail => (why) => failAt(offset)(`${why} (at ${within} of chunk ${index})`);
    return { name, header, data: new DataView(data.buffer, data.byteOffset, data.byteLength), failAt: inChunk };
  }).filter(({ name }) => names.has(name));
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}
