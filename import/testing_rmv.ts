import { zstdCompressSync } from "node:zlib";

/** For tests: an RMT token, or what moves the time. */
export type RmvToken =
  | { readonly kind: "allocate"; readonly address: number; readonly pages: number; readonly heap: number }
  | { readonly kind: "free"; readonly address: number }
  | { readonly kind: "create"; readonly resource: number; readonly type: number }
  | { readonly kind: "destroy"; readonly resource: number }
  | { readonly kind: "bind"; readonly resource: number; readonly address: number; readonly bytes: number }
  | { readonly kind: "userdata"; readonly payload: readonly number[] }
  | { readonly kind: "delta"; readonly ticks: number }
  | { readonly kind: "raw"; readonly bytes: readonly number[] };

/** Sizes in bytes of the descriptions of the resources that tests create: an image of version 1.6, and a heap. */
const DESCRIPTIONS: Readonly<Record<number, number>> = { 0: 39, 11: 10 };
const FREQUENCY = 100_000_000;

/** A token of `size` bytes with fields of `[first bit, value]`. */
function token(size: number, type: number, ...fields: readonly (readonly [number, number])[]): number[] {
  const value = fields.reduce((sum, [bit, field]) => sum | (BigInt(field) << BigInt(bit)), BigInt(type));
  return Array.from({ length: size }, (_, at) => Number((value >> BigInt(8 * at)) & 255n));
}

function bytesOf(item: RmvToken): readonly number[] {
  switch (item.kind) {
    case "allocate":
      return token(12, 12, [8, item.pages - 1], [34, item.address], [82, item.heap]);
    case "free":
      return token(7, 11, [8, item.address]);
    case "create":
      return token(7 + (DESCRIPTIONS[item.type] ?? 0), 13, [8, item.resource], [48, item.type]);
    case "destroy":
      return token(5, 15, [8, item.resource]);
    case "bind":
      return token(17, 7, [8, item.address], [56, item.bytes], [104, item.resource]);
    case "userdata":
      return [...token(4, 4, [12, item.payload.length]), ...item.payload];
    case "delta":
      return token(5, 14, [4, 4], [8, item.ticks / 32]);
    case "raw":
      return item.bytes;
  }
}

/**
 * For tests: an RDF file with a stream of tokens for each process, which begin at second 1 of a clock of 100 MHz.
 *
 * @param compress Compresses the chunks with zstd. @default {they are not compressed}
 */
export function rmv(
  processes: readonly (readonly RmvToken[])[],
  compress?: (data: Uint8Array) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const heaps = [[0, 256], [1, 1024], [2, 4096]].flatMap(([type = 0, mib = 0]) =>
    token(24, type, [128, mib * 2 ** 20])
  );
  const streams = processes.map((tokens) => [
    ...token(12, 0, [4, FREQUENCY / 32], [64, FREQUENCY]),
    ...tokens.flatMap(bytesOf),
  ]);
  const file: number[] = new Array<number>(32).fill(0);
  const entries: number[] = [];
  const chunk = (name: string, header: readonly number[], data: readonly number[]) => {
    const text = Array.from({ length: 16 }, (_, at) => name.charCodeAt(at) || 0);
    const at = file.length;
    const stored = compress === undefined ? data : compress(Uint8Array.from(data));
    file.push(...header, ...stored);
    const place = [at, header.length, at + header.length, stored.length].flatMap((value) => token(8, value));
    const [compression, unpacked] = compress === undefined ? [0, 0] : [1, data.length];
    entries.push(...text, compression, 0, 0, 0, ...token(4, 1), ...place, ...token(8, unpacked));
  };
  chunk("GpuMemSegment", [], heaps);
  for (const [index, stream] of streams.entries()) {
    chunk("RmtData", token(24, index + 1, [64, stream.length], [160, 1], [176, 8]), stream);
  }
  const magic = new TextEncoder().encode("AMD_RDF ");
  const head = [...magic, ...token(8, 3), ...token(8, file.length), ...token(8, entries.length)];
  file.splice(0, 32, ...head);
  return Uint8Array.from([...file, ...entries]);
}

/** For tests: compresses with zstd as AMD's library does, so that the frame tells its size. */
export function compress(data: Uint8Array): Uint8Array {
  return zstdCompressSync(data, { pledgedSrcSize: data.length } as object);
}
