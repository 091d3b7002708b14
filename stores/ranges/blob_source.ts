import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import type { ByteSource } from "./byte_source.ts";

/**
 * The bytes of a `Blob`, such as a `File` that a user has chosen in a page.
 *
 * @throws {TtmError} `EINVAL` if `blob` is none.
 *
 * @example Two bytes of five
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { blobSource } from "@ttm/range-store";
 *
 * const source = blobSource(new Blob([new Uint8Array([1, 2, 3, 4, 5])]));
 * assertEquals([await source.size(), await source.read(2, 2)], [5, new Uint8Array([3, 4])]);
 * ```
 */
export function blobSource(blob: Blob): ByteSource {
  if (!(blob instanceof Blob)) {
    throw new TtmError("EINVAL", `Cannot create blob source: blob must be a Blob, not ${show(blob)}`);
  }
  return {
    name: (blob as Partial<File>).name ?? "blob",
    size: () => Promise.resolve(blob.size),
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
