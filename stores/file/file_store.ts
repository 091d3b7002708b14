import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SwapStore, TtmError } from "@ttm/core";
import { checkInteger, checkOptions, optionNames, show } from "@ttm/core/arguments";
import { decodeEntry, encodeEntry } from "./entry.ts";
import { makeFolder, removeStaleFolders } from "./folders.ts";

/** Options of a {@linkcode FileStore}. */
export interface FileStoreOptions {
  /** A directory, created if it is missing; each store keeps its files in a subfolder of its own. */
  readonly directory: string;
  /** The most bytes of pages to keep, of all keys together. @default {the size of the disk} */
  readonly maxBytes?: number;
}

const OPTIONS = optionNames<FileStoreOptions>({ directory: true, maxBytes: true });

/**
 * Keeps swapped-out pages in files. A file gets its name when it is complete, and is read back only if its length and
 * checksum match. A new store removes the folders of dead processes. It needs permission to read and write the
 * directory; without permission to signal processes, stale folders stay.
 *
 * @example Pages in a temporary folder
 * ```ts ignore
 * import { BoDevice } from "@ttm/core";
 * import { FileStore } from "@ttm/file-store";
 *
 * await using store = new FileStore({ directory: "swap", maxBytes: 2 ** 30 });
 * const device = new BoDevice({ driver, managers, store });
 * ```
 */
export class FileStore implements SwapStore, AsyncDisposable {
  /** Always `"file"`. */
  readonly name = "file";
  /** The folder of this store, which no other store uses. */
  readonly folder: string;
  #maxBytes: number;
  #sizes: Map<string, number> = new Map();
  #used = 0;
  #written = 0;
  #closed = false;
  #removals: Set<Promise<void>> = new Set();

  /**
   * Creates the folder, and removes the folders of dead processes beside it.
   *
   * @throws {TtmError} `EINVAL` if an option is of the wrong type; `EIO` if the folder cannot be created, with the
   * cause.
   */
  constructor(options: FileStoreOptions) {
    const what = "create file store";
    checkOptions(what, options, OPTIONS);
    const { directory, maxBytes = Number.MAX_SAFE_INTEGER } = options;
    if (typeof directory !== "string" || directory === "") {
      throw new TtmError("EINVAL", `Cannot ${what}: directory must be a path, not ${show(directory)}`);
    }
    this.#maxBytes = checkInteger(what, "maxBytes", maxBytes, 0, Number.MAX_SAFE_INTEGER);
    try {
      this.folder = makeFolder(directory);
      removeStaleFolders(directory);
    } catch (cause) {
      throw new TtmError("EIO", `Cannot ${what}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Bytes of the pages in the store. */
  get usedBytes(): number {
    return this.#used;
  }

  /**
   * Stores bytes under a key.
   *
   * @throws {TtmError} `ENOSPC` if the limit is exceeded or the disk is full; `EIO` if the file cannot be written;
   * `EINVAL` once the store is closed. After an `ENOSPC` or `EIO` the previous bytes of the key stay.
   */
  async write(key: string, bytes: Uint8Array): Promise<void> {
    this.#mustBeOpen("write");
    const before = this.#sizes.get(key) ?? 0;
    if (this.#used - before + bytes.length > this.#maxBytes) {
      throw new TtmError("ENOSPC", `Cannot write ${key}: ${this.#used} of ${this.#maxBytes} bytes are used`);
    }
    // Counted before the write, so that concurrent writes respect the limit, too.
    this.#account(key, bytes.length);
    const unfinished = join(this.folder, `unfinished-${++this.#written}`);
    try {
      await writeFile(unfinished, encodeEntry(bytes));
      await rename(unfinished, this.#file(key));
    } catch (cause) {
      this.#account(key, before);
      await rm(unfinished, { force: true }).catch(() => {});
      const isFull = ["ENOSPC", "EDQUOT", "EFBIG"].includes((cause as NodeJS.ErrnoException).code ?? "");
      throw new TtmError(isFull ? "ENOSPC" : "EIO", `Cannot write ${key}: ${(cause as Error).message}`, { cause });
    }
  }

  /**
   * The last bytes written under a key.
   *
   * @throws {TtmError} `EIO` if there is no such file, or it is damaged; `EINVAL` once the store is closed.
   */
  async read(key: string): Promise<Uint8Array> {
    this.#mustBeOpen("read");
    let file;
    try {
      file = await readFile(this.#file(key));
    } catch (cause) {
      throw new TtmError("EIO", `Cannot read ${key}: ${(cause as Error).message}`, { cause });
    }
    return new Uint8Array(decodeEntry(file, key));
  }

  /** Deletes a key; an unknown key is no error. */
  async delete(key: string): Promise<void> {
    this.#account(key, 0);
    if (this.#closed) return;
    const removal = rm(this.#file(key), { force: true });
    this.#removals.add(removal);
    await removal.finally(() => this.#removals.delete(removal));
  }

  /**
   * Waits for pending deletions and removes the folder with all files; later reads and writes fail with `EINVAL`.
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#sizes.clear();
    this.#used = 0;
    await Promise.allSettled(this.#removals);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Removes the folder, as {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #account(key: string, bytes: number): void {
    this.#used += bytes - (this.#sizes.get(key) ?? 0);
    if (bytes === 0) this.#sizes.delete(key);
    else this.#sizes.set(key, bytes);
  }

  /** Encoded, since keys may contain characters that file names may not. */
  #file(key: string): string {
    return join(this.folder, `${encodeURIComponent(key)}.pages`);
  }

  #mustBeOpen(what: string): void {
    if (this.#closed) throw new TtmError("EINVAL", `Cannot ${what}: the file store is closed`);
  }
}
