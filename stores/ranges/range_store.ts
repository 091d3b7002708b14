import { type ReadOnlyStore, TtmError } from "@ttm/core";
import { checkInteger, checkOptions, optionNames, show } from "@ttm/core/arguments";
import { type ByteSource, checkSource, readFrom } from "./byte_source.ts";

/** A range of bytes. */
export interface ByteRange {
  /** The first byte. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

/** Options of {@linkcode rangeStore}. */
export interface RangeStoreOptions {
  /** Where the bytes are. */
  readonly source: ByteSource;
  /** The keys of the store, and the range of each; ranges may overlap. */
  readonly ranges: ReadonlyMap<string, ByteRange>;
}

const OPTIONS = optionNames<RangeStoreOptions>({ source: true, ranges: true });
const RANGE = optionNames<ByteRange>({ offset: true, length: true });

/**
 * Makes a read-only store of byte ranges of a source. A `read` rejects with `EIO` if the key is unknown, or if the source
 * fails, or gives another number of bytes than the range has.
 *
 * @throws {TtmError} `EINVAL` if an option or a range is invalid.
 *
 * @example A buffer with a part of a blob
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 * import { blobSource, rangeStore } from "@ttm/range-store";
 *
 * const source = blobSource(new Blob([new Uint8Array([1, 2, 3, 4, 5])]));
 * const store = rangeStore({ source, ranges: new Map([["middle", { offset: 1, length: 3 }]]) });
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using buffer = device.createBuffer({ bytes: 3, stored: { key: "middle", store } });
 * using _reservation = await buffer.reserve();
 * assertEquals(await buffer.read(), new Uint8Array([2, 3, 4]));
 * ```
 */
export function rangeStore(options: RangeStoreOptions): ReadOnlyStore {
  const what = "create range store";
  checkOptions(what, options, OPTIONS);
  const { source, ranges } = options;
  checkSource(what, source);
  if (!(ranges instanceof Map)) {
    throw new TtmError("EINVAL", `Cannot ${what}: ranges must be a Map, not ${show(ranges)}`);
  }
  const known = new Map<string, ByteRange>();
  for (const [key, range] of ranges) known.set(key, checkedRange(what, key, range));
  return {
    name: source.name,
    readOnly: true,
    read: async (key) => {
      const range = known.get(key);
      if (range === undefined) throw new TtmError("EIO", `Cannot read ${key}: ${source.name} has no such range`);
      return range.length === 0 ? new Uint8Array() : await readFrom(source, range.offset, range.length);
    },
  };
}

function checkedRange(what: string, key: string, range: ByteRange): ByteRange {
  if (typeof key !== "string") throw new TtmError("EINVAL", `Cannot ${what}: a key is ${show(key)}, not a string`);
  checkOptions(what, range, RANGE, `the range of "${key}"`);
  const offset = checkInteger(what, `the offset of "${key}"`, range.offset, 0, Number.MAX_SAFE_INTEGER);
  const most = Number.MAX_SAFE_INTEGER - offset;
  return { offset, length: checkInteger(what, `the length of "${key}"`, range.length, 0, most) };
}
