import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SwapStore, TtmError } from "@ttm/core";
import { checkInteger, checkOptions, optionNames, show } from "@ttm/core/arguments";
import { decodeEntry, encodeEntry } from "./entry.ts";
import { makeFolder, removeStaleFolders } from "./folders.ts";

/** Where to keep pages. */
export interface FileStoreOptions {
  /** A folder, made if there is none; each store keeps its files in one of its own in it. */
  readonly directory: string;
  /** The most bytes of pages to keep, all keys together. @default {what the disk has} */
  readonly maxBytes?: number;
}

const OPTIONS = optionNames<FileStoreOptions>({ directory: true, maxBytes: true });

/**
 * Keeps swapped pages in files. A file comes into being under its name when it is complete, and is read back only if it
 * is what was written, by length and checksum. Folders that dead processes have left are removed when a store is made.
 * Needs permission to read and write the directory; without that to signal processes, stale folders stay.
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
  /** The folder of this store alone. */
  readonly folder: string;
  #maxBytes: number;
  #sizes: Map<string, number> = new Map();
  #used = 0;
  #written = 0;
  #closed = false;
  #removals: Set<Promise<void>> = new Set();

  /**
   * Makes the folder, and removes those of dead processes beside it.
   *
   * @throws {TtmError} `EINVAL` if an option is not of its type; `EIO` if the folder cannot be made, with the cause.
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

  /** Bytes of pages that it keeps. */
  get usedBytes(): number {
    return this.#used;
  }

  /**
   * Keeps bytes under a key.
   *
   * @throws {TtmError} `ENOSPC` if the limit, or the disk, does not allow it; `EIO` if the file cannot be written;
   * `EINVAL` once it is closed. What was kept under the key before stays then.
   */
  async write(key: string, bytes: Uint8Array): Promise<void> {
    this.#mustBeOpen("write");
    const before = this.#sizes.get(key) ?? 0;
    if (this.#used - before + bytes.length > this.#maxBytes) {
      throw new TtmError("ENOSPC", `Cannot write ${key}: ${this.#used} of ${this.#maxBytes} bytes are used`);
    }
    // Counted before it is there, so that writes that run together keep to the limit, too.
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
   * What was last written under a key.
   *
   * @throws {TtmError} `EIO` if there is no such file, or it is damaged; `EINVAL` once it is closed.
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

  /** Forgets a key, known or not. */
  async delete(key: string): Promise<void> {
    this.#account(key, 0);
    if (this.#closed) return;
    const removal = rm(this.#file(key), { force: true });
    this.#removals.add(removal);
    await removal.finally(() => this.#removals.delete(removal));
  }

  /**
   * Removes the folder with all files, when those that nobody waits for have been removed; nothing can be kept or read any
   * more.
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

  /** Keys may be any text; files may not. */
  #file(key: string): string {
    return join(this.folder, `${encodeURIComponent(key)}.pages`);
  }

  #mustBeOpen(what: string): void {
    if (this.#closed) throw new TtmError("EINVAL", `Cannot ${what}: the file store is closed`);
  }
}
