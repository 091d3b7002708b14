/**
 * A swap store for `@ttm/core` over any storage of `unstorage`: {@linkcode UnstorageStore}. The caller provides the
 * storage, so the store runs wherever the storage's driver does. It depends only on the core.
 *
 * @example Swapping out to Redis
 * ```ts ignore
 * import { BoDevice } from "@ttm/core";
 * import { UnstorageStore } from "@ttm/unstorage-store";
 * import { createStorage } from "unstorage";
 * import redis from "unstorage/drivers/redis";
 *
 * const storage = createStorage({ driver: redis({ url: "redis://swap:6379" }) });
 * await using store = new UnstorageStore({ storage, maxBytes: 2 ** 30 });
 * await using device = new BoDevice({ driver, managers, store, limits: { pages: 1000 } });
 * ```
 *
 * @module
 */
export type { RawStorage } from "./storage.ts";
export { UnstorageStore, type UnstorageStoreOptions } from "./unstorage_store.ts";
