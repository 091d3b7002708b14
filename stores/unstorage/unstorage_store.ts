import { type SwapStore, TtmError } from "@ttm/core";
import { checkInteger, checkObject, checkOptions, optionNames, show } from "@ttm/core/arguments";
import { bytesFrom, isFull, type RawStorage, storageKey } from "./storage.ts";

/** Options of an {@linkcode UnstorageStore}. */
export interface UnstorageStoreOptions {
  /** A storage made by `createStorage()` of `unstorage`, with any driver. The caller disposes of it. */
  readonly storage: RawStorage;
  /** The prefix of all keys: words of letters, digits, `-` and `_`, joined by `:`. @default {"ttm-swap"} */
  readonly prefix?: string;
  /** The most bytes of pages to keep, of all keys together. @default {the size of the storage} */
  readonly maxBytes?: number;
}

const OPTIONS = optionNames<UnstorageStoreOptions>({ storage: true, prefix: true, maxBytes: true });

/**
 * Keeps swapped-out pages in a storage of `unstorage`: Redis, S3, IndexedDB, files and so on. Each store has keys of
 * its own, so that several stores may share a storage. The first write is read back, so that a storage that drops or
 * changes bytes is detected before any page is freed.
 *
 * @example Pages in memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { UnstorageStore } from "@ttm/unstorage-store";
 * import { createStorage } from "unstorage";
 *
 * await using store = new UnstorageStore({ storage: createStorage(), maxBytes: 2 ** 30 });
 * await store.write("bo-1", new Uint8Array([1, 2, 3]));
 * assertEquals(await store.read("bo-1"), new Uint8Array([1, 2, 3]));
 * ```
 */
export class UnstorageStore implements SwapStore, AsyncDisposable {
  /** Always `"unstorage"`. */
  readonly name = "unstorage";
  /** The prefix of the keys of this store, which no other store uses. */
  readonly base: string;
  #storage: RawStorage;
  #maxBytes: number;
  #sizes: Map<string, number> = new Map();
  #used = 0;
  #trusted = false;
  #closed = false;

  /**
   * Makes a store over a storage; it does not access the storage yet.
   *
   * @throws {TtmError} `EINVAL` if an option is of the wrong type.
   */
  constructor(options: UnstorageStoreOptions) {
    const what = "create unstorage store";
    checkOptions(what, options, OPTIONS);
    const { storage, prefix = "ttm-swap", maxBytes = Number.MAX_SAFE_INTEGER } = options;
    checkObject(what, "storage", storage);
    for (const member of ["getItemRaw", "setItemRaw", "removeItem"] as const) {
      if (typeof storage[member] === "function") continue;
      throw new TtmError("EINVAL", `Cannot ${what}: storage must be an unstorage storage, but has no ${member}()`);
    }
    if (typeof prefix !== "string" || !/^[\w-]+(:[\w-]+)*$/.test(prefix)) {
      throw new TtmError("EINVAL", `Cannot ${what}: prefix must be words joined by ":", not ${show(prefix)}`);
    }
    this.#storage = storage;
    this.#maxBytes = checkInteger(what, "maxBytes", maxBytes, 0, Number.MAX_SAFE_INTEGER);
    this.base = `${prefix}:${crypto.randomUUID()}`;
  }

  /** Bytes of the pages in the store. */
  get usedBytes(): number {
    return this.#used;
  }

  /**
   * Stores bytes under a key.
   *
   * @throws {TtmError} `ENOSPC` if the limit is exceeded or the storage is full; `EIO` if the storage fails, with the
   * cause, or returns other bytes than were written; `EINVAL` once the store is closed. If the limit is exceeded, the
   * previous bytes of the key stay; after a failure of the storage the key is deleted.
   */
  async write(key: string, bytes: Uint8Array): Promise<void> {
    this.#mustBeOpen("write");
    const before = this.#sizes.get(key) ?? 0;
    if (this.#used - before + bytes.length > this.#maxBytes) {
      throw new TtmError("ENOSPC", `Cannot write ${key}: ${this.#used} of ${this.#maxBytes} bytes are used`);
    }
    // Counted before the write, so that concurrent writes respect the limit, too.
    this.#account(key, bytes.length);
    const place = storageKey(this.base, key);
    try {
      // A copy, since some drivers store the object itself.
      await this.#storage.setItemRaw(place, new Uint8Array(bytes));
      if (!this.#trusted) await this.#prove(place, bytes);
      this.#mustBeOpen("write");
    } catch (cause) {
      this.#account(key, null);
      await this.#storage.removeItem(place).catch(() => {});
      if (cause instanceof TtmError) throw cause;
      throw new TtmError(isFull(cause) ? "ENOSPC" : "EIO", `Cannot write ${key}: ${messageOf(cause)}`, { cause });
    }
  }

  /**
   * The last bytes written under a key.
   *
   * @throws {TtmError} `EIO` if there is no value, it is no bytes, or the storage fails, with the cause; `EINVAL` once
   * the store is closed.
   */
  async read(key: string): Promise<Uint8Array> {
    this.#mustBeOpen("read");
    try {
      return bytesFrom(await this.#storage.getItemRaw(storageKey(this.base, key)));
    } catch (cause) {
      throw new TtmError("EIO", `Cannot read ${key}: ${messageOf(cause)}`, { cause });
    }
  }

  /** Deletes a key; an unknown key is no error. Rejects with the storage's error. */
  async delete(key: string): Promise<void> {
    this.#account(key, null);
    await this.#storage.removeItem(storageKey(this.base, key));
  }

  /**
   * Deletes all keys of this store, and no others; later reads and writes fail with `EINVAL`. Other contents of the
   * storage are unchanged. Rejects with the storage's error.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const keys = [...this.#sizes.keys()];
    this.#sizes.clear();
    this.#used = 0;
    await Promise.all(keys.map((key) => this.#storage.removeItem(storageKey(this.base, key))));
  }

  /** Deletes all keys of this store, as {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Detects drivers that are read-only or keep only text, and do not report it on a write. */
  async #prove(place: string, bytes: Uint8Array): Promise<void> {
    const kept = bytesFrom(await this.#storage.getItemRaw(place));
    if (kept.length !== bytes.length || kept.some((byte, at) => byte !== bytes[at])) {
      throw new Error("the storage returns other bytes than were written");
    }
    this.#trusted = true;
  }

  #account(key: string, bytes: number | null): void {
    this.#used += (bytes ?? 0) - (this.#sizes.get(key) ?? 0);
    if (bytes === null) this.#sizes.delete(key);
    else this.#sizes.set(key, bytes);
  }

  #mustBeOpen(what: string): void {
    if (this.#closed) throw new TtmError("EINVAL", `Cannot ${what}: the unstorage store is closed`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
