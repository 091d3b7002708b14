import type { Fail } from "./values.ts";

/** A chunk of an RDF file. */
export interface RdfChunk {
  /** What it holds: `RmtData`. */
  readonly name: string;
  /** Its own header. */
  readonly header: DataView;
  /** Its data. */
  readonly data: DataView;
  /** The offset of its data in the file. */
  readonly offset: number;
}

/** The first bytes of an RDF file. */
export const RDF_MAGIC = "AMD_RDF ";

const FILE_HEADER_BYTES = 32;
const ENTRY_BYTES = 64;
const NAME_BYTES = 16;

/**
 * Reads the table of chunks at the end of an RDF file.
 *
 * @param failAt Makes the error for an offset.
 * @throws {WorkloadError} For a table or a chunk that lies outside of the file, as after a cut, and for compressed chunks.
 */
export function readRdf(file: Uint8Array, failAt: (offset: number) => Fail): RdfChunk[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < FILE_HEADER_BYTES) throw failAt(file.length)("the file is cut short");
  const inside = (at: number, field: string, offset: bigint, bytes: bigint): DataView => {
    if (offset + bytes > BigInt(file.length)) throw failAt(at)(`${field} ends beyond the file: is it cut short?`);
    return new DataView(file.buffer, file.byteOffset + Number(offset), Number(bytes));
  };
  const table = inside(16, "the table of chunks", view.getBigUint64(16, true), view.getBigUint64(24, true));
  const base = table.byteOffset - file.byteOffset;
  if (table.byteLength % ENTRY_BYTES !== 0) throw failAt(24)("the table of chunks has no whole number of entries");
  return Array.from({ length: table.byteLength / ENTRY_BYTES }, (_, index) => {
    const at = index * ENTRY_BYTES;
    const name = text(new Uint8Array(table.buffer, table.byteOffset + at, NAME_BYTES));
    if (table.getUint8(at + NAME_BYTES) !== 0) throw failAt(base + at + NAME_BYTES)(`chunk ${index} is compressed`);
    const part = (field: string, from: number) =>
      inside(base + from, field, table.getBigUint64(from, true), table.getBigUint64(from + 8, true));
    const header = part(`the header of chunk ${index}`, at + 24);
    const data = part(`chunk ${index}`, at + 40);
    return { name, header, data, offset: data.byteOffset - file.byteOffset };
  });
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}
