import { type SwapStore, TtmError } from "@ttm/core";
import { checkInteger, checkObject, checkOptions, optionNames, show } from "@ttm/core/arguments";
import { bytesFrom, isFull, type RawStorage, storageKey } from "./storage.ts";

/** Where to keep pages. */
export interface UnstorageStoreOptions {
  /** What `createStorage()` of `unstorage` made, of whatever driver. It stays the caller's to dispose of. */
  readonly storage: RawStorage;
  /** What all keys begin with: words of letters, digits, `-` and `_`, joined by `:`. @default {"ttm-swap"} */
  readonly prefix?: string;
  /** The most bytes of pages to keep, all keys together. @default {what the storage has} */
  readonly maxBytes?: number;
}

const OPTIONS = optionNames<UnstorageStoreOptions>({ storage: true, prefix: true, maxBytes: true });

/**
 * Keeps swapped pages in a storage of `unstorage`: Redis, S3, IndexedDB, files and so on. Each store has keys of its own,
 * so that many may share a storage. A storage that drops or changes what it is given is found out at the first write,
 * before any page is given up for it.
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
  /** What the keys of this store alone begin with. */
  readonly base: string;
  #storage: RawStorage;
  #maxBytes: number;
  #sizes: Map<string, number> = new Map();
  #used = 0;
  #trusted = false;
  #closed = false;

  /**
   * Takes a storage into use; nothing is asked of it yet.
   *
   * @throws {TtmError} `EINVAL` if an option is not of its type.
   */
  constructor(options: UnstorageStoreOptions) {
    const what = "create unstorage store";
    checkOptions(what, options, OPTIONS);
    const { storage, prefix = "ttm-swap", maxBytes = Number.MAX_SAFE_INTEGER } = options;
    checkObject(what, "storage", storage);
    for (const member of ["getItemRaw", "setItemRaw", "removeItem"] as const) {
      if (typeof storage[member] === "function") continue;
      throw new TtmError("EINVAL", `Cannot ${what}: storage must be one of unstorage, and has no ${member}()`);
    }
    if (typeof prefix !== "string" || !/^[\w-]+(:[\w-]+)*$/.test(prefix)) {
      throw new TtmError("EINVAL", `Cannot ${what}: prefix must be words joined by ":", not ${show(prefix)}`);
    }
    this.#storage = storage;
    this.#maxBytes = checkInteger(what, "maxBytes", maxBytes, 0, Number.MAX_SAFE_INTEGER);
    this.base = `${prefix}:${crypto.randomUUID()}`;
  }

  /** Bytes of pages that it keeps. */
  get usedBytes(): number {
    return this.#used;
  }

  /**
   * Keeps bytes under a key.
   *
   * @throws {TtmError} `ENOSPC` if the limit, or the storage, does not allow it; `EIO` if the storage fails, with the
   * cause, or does not give back what it is given; `EINVAL` once the store is closed. Beyond the limit, what was kept
   * under the key before stays; after a failure of the storage nothing is kept.
   */
  async write(key: string, bytes: Uint8Array): Promise<void> {
    this.#mustBeOpen("write");
    const before = this.#sizes.get(key) ?? 0;
    if (this.#used - before + bytes.length > this.#maxBytes) {
      throw new TtmError("ENOSPC", `Cannot write ${key}: ${this.#used} of ${this.#maxBytes} bytes are used`);
    }
    // Counted before it is there, so that writes that run together keep to the limit, too.
    this.#account(key, bytes.length);
    const place = storageKey(this.base, key);
    try {
      // A copy, for there are drivers that keep the object itself.
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
   * What was last written under a key.
   *
   * @throws {TtmError} `EIO` if there is none, it is no bytes, or the storage fails, with the cause; `EINVAL` once the
   * store is closed.
   */
  async read(key: string): Promise<Uint8Array> {
    this.#mustBeOpen("read");
    try {
      return bytesFrom(await this.#storage.getItemRaw(storageKey(this.base, key)));
    } catch (cause) {
      throw new TtmError("EIO", `Cannot read ${key}: ${messageOf(cause)}`, { cause });
    }
  }

  /** Forgets a key, known or not. Rejects with what the storage rejects with. */
  async delete(key: string): Promise<void> {
    this.#account(key, null);
    await this.#storage.removeItem(storageKey(this.base, key));
  }

  /**
   * Removes all keys of this store, and no others; nothing can be kept or read any more. The storage stays as it is
   * otherwise. Rejects with what the storage rejects with.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const keys = [...this.#sizes.keys()];
    this.#sizes.clear();
    this.#used = 0;
    await Promise.all(keys.map((key) => this.#storage.removeItem(storageKey(this.base, key))));
  }

  /** Removes all keys of this store, as {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Drivers may be read-only, or keep only text, and say nothing of it when they are written to. */
  async #prove(place: string, bytes: Uint8Array): Promise<void> {
    const kept = bytesFrom(await this.#storage.getItemRaw(place));
    if (kept.length !== bytes.length || kept.some((byte, at) => byte !== bytes[at])) {
      throw new Error("the storage does not give back what it is given");
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
