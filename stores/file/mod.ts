/**
 * A swap store for `@ttm/core` that keeps pages in files: {@linkcode FileStore}. Runs in Deno and Node.
 *
 * @example Swapping out to a folder
 * ```ts ignore
 * import { BoDevice } from "@ttm/core";
 * import { FileStore } from "@ttm/file-store";
 *
 * await using store = new FileStore({ directory: "swap" });
 * await using device = new BoDevice({ driver, managers, store, limits: { pages: 1000 } });
 * ```
 *
 * @module
 */
export { FileStore, type FileStoreOptions } from "./file_store.ts";
