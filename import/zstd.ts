import { uint } from "./pickle_numbers.ts";
import type { Fail } from "./values.ts";

/**
 * Decompresses zstd data: `decompress` of npm's `fzstd` is one.
 *
 * @param packed A frame.
 * @param into As large as the contents are said to be.
 * @returns The contents, in `into` or anywhere else.
 */
export type ZstdDecoder = (packed: Uint8Array, into: Uint8Array) => Uint8Array;

interface Zlib {
  zstdDecompressSync?(packed: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}

/** Deno and Node 22.15 have zstd; asked for in this way, since an import would keep browsers from the whole package. */
function platformDecoder(bytes: number): ((packed: Uint8Array) => Uint8Array) | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): Zlib | undefined } };
  const decompress = process?.getBuiltinModule?.("node:zlib")?.zstdDecompressSync;
  return decompress && ((packed) => decompress(packed, { maxOutputLength: Math.max(bytes, 1) }));
}

/** A block of 4 bytes may stand for 128 KiB, and none for more. */
const MOST_RATIO = 32_768;

/**
 * Decompresses one frame.
 *
 * @param bytes How many bytes its contents are said to have; more are not reserved.
 * @param decoder The one to use. @default {the one of the platform}
 * @throws {WorkloadError} If its header or its contents say otherwise, the decoder fails, or there is none.
 */
export function unzstd(packed: Uint8Array, bytes: number, decoder: ZstdDecoder | undefined, fail: Fail): Uint8Array {
  const told = contentSize(packed);
  if (told !== undefined && told !== bytes) throw fail(`its zstd frame has ${told} bytes, not ${bytes}`);
  if (bytes > packed.length * MOST_RATIO) throw fail(`${packed.length} bytes of zstd data never are ${bytes}`);
  const decode = decoder === undefined ? platformDecoder(bytes) : () => decoder(packed, new Uint8Array(bytes));
  if (decode === undefined) {
    throw fail("it is compressed, and this platform has no zstd: pass a decoder as options.zstd");
  }
  let contents: Uint8Array;
  try {
    contents = decode(packed);
  } catch {
    throw fail(`its zstd data is corrupt, or has more than ${bytes} bytes`);
  }
  if (contents.length !== bytes) throw fail(`its zstd data has ${contents.length} bytes, not ${bytes}`);
  return contents;
}

/** What a frame's header says of the size of the contents, if anything (RFC 8878, 3.1.1.1). */
function contentSize(frame: Uint8Array): number | undefined {
  const descriptor = frame[4] ?? 0;
  const isSingleSegment = (descriptor & 32) !== 0;
  const bytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const at = (isSingleSegment ? 5 : 6) + ([0, 1, 2, 4][descriptor & 3] as number);
  if (bytes === 0 || at + bytes > frame.length) return undefined;
  const size = uint(new DataView(frame.buffer, frame.byteOffset, frame.byteLength), at, bytes);
  return bytes === 2 ? size + 256 : size;
}
