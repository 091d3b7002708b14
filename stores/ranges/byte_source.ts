import { TtmError } from "@ttm/core";
import { checkMethods, show } from "@ttm/core/arguments";

/** Something of a known length whose bytes can be read from any offset. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** The length in bytes. Rejects if it cannot be told. */
  size(): Promise<number>;
  /**
   * Reads `length` bytes from byte `offset`, into memory that belongs to the caller. Rejects if there are not that many,
   * or if they cannot be read now.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Requires a source; throws `EINVAL` if it is none. */
export function checkSource(what: string, source: ByteSource): void {
  checkMethods(what, "source", source, ["size", "read"]);
  if (typeof source.name === "string") return;
  throw new TtmError("EINVAL", `Cannot ${what}: source.name must be a string, not ${show(source.name)}`);
}

/** Reads bytes of a source, all of them or none; rejects with `EIO` if it fails or gives another number of bytes. */
export async function readFrom(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const what = `Cannot read ${length} bytes from byte ${offset} of ${source.name}`;
  let bytes;
  try {
    bytes = await source.read(offset, length);
  } catch (cause) {
    throw new TtmError("EIO", `${what}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  if (bytes instanceof Uint8Array && bytes.length === length) return bytes;
  throw new TtmError("EIO", `${what}: it gave ${bytes instanceof Uint8Array ? `${bytes.length} bytes` : show(bytes)}`);
}
