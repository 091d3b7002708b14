import { TtmError } from "@ttm/core";
import { crc32 } from "@ttm/core/checksum";

const MAGIC = 0x54544d31;
const HEADER_BYTES = 16;

/** The bytes of a file for a payload, with which truncation and damage are detected when it is read. */
export function encodeEntry(payload: Uint8Array): Uint8Array {
  const file = new Uint8Array(HEADER_BYTES + payload.length);
  const header = new DataView(file.buffer, 0, HEADER_BYTES);
  header.setUint32(0, MAGIC);
  header.setUint32(4, Math.floor(payload.length / 2 ** 32));
  header.setUint32(8, payload.length % 2 ** 32);
  header.setUint32(12, crc32(payload));
  file.set(payload, HEADER_BYTES);
  return file;
}

/**
 * The payload of a file.
 *
 * @throws {TtmError} `EIO` if the bytes are not a complete, undamaged result of {@linkcode encodeEntry}; `name` is for
 * the message.
 */
export function decodeEntry(file: Uint8Array, name: string): Uint8Array {
  const payload = file.subarray(HEADER_BYTES);
  if (file.length >= HEADER_BYTES) {
    const header = new DataView(file.buffer, file.byteOffset, HEADER_BYTES);
    const length = header.getUint32(4) * 2 ** 32 + header.getUint32(8);
    const isWhole = header.getUint32(0) === MAGIC && length === payload.length;
    if (isWhole && header.getUint32(12) === crc32(payload)) return payload;
  }
  throw new TtmError("EIO", `Cannot read swap file ${name}: its ${file.length} bytes are damaged or incomplete`);
}
