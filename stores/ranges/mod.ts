/**
 * A read-only store for `@ttm/core` over byte ranges of something larger: {@linkcode rangeStore}. Buffers that are born
 * from it (option `stored`) hold the bytes of a range, read when they are first needed.
 * {@linkcode safetensors} makes such a store of the tensors of a safetensors file.
 *
 * The bytes come from a URL ({@linkcode urlSource}), a `Blob` or `File` ({@linkcode blobSource}), a file
 * (`fileSource` in `@ttm/range-store/file`), or from a source of one's own.
 *
 * @example Buffers with the weights of a model
 * ```ts ignore
 * import { BoDevice } from "@ttm/core";
 * import { safetensors, urlSource } from "@ttm/range-store";
 *
 * const { store, tensors } = await safetensors(urlSource("https://example.org/model.safetensors"));
 * const device = new BoDevice({ driver, managers });
 * const weights = tensors.map(({ name, bytes }) =>
 *   device.createBuffer({ bytes, label: name, stored: { key: name, store } })
 * );
 * ```
 *
 * @module
 */
export { blobSource } from "./blob_source.ts";
export type { ByteSource } from "./byte_source.ts";
export { type ByteRange, rangeStore, type RangeStoreOptions } from "./range_store.ts";
export { type Safetensors, safetensors, type Tensor } from "./safetensors.ts";
export { urlSource, type UrlSourceOptions } from "./url_source.ts";
