import type { SwapStore } from "@ttm/core";
import { FileStore } from "@ttm/file-store";

/** A file store in a folder of its own, created at first use and removed at the end. */
export class FolderStore implements SwapStore {
  readonly name = "file";
  #opened: { readonly directory: string; readonly store: FileStore } | null = null;

  write(key: string, bytes: Uint8Array): Promise<void> {
    return this.#store.write(key, bytes);
  }

  read(key: string): Promise<Uint8Array> {
    return this.#store.read(key);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(key);
  }

  async close(): Promise<void> {
    if (this.#opened === null) return;
    await this.#opened.store.close();
    await Deno.remove(this.#opened.directory, { recursive: true });
  }

  get #store(): FileStore {
    if (this.#opened === null) {
      const directory = Deno.makeTempDirSync({ prefix: "ttm-test-" });
      this.#opened = { directory, store: new FileStore({ directory }) };
    }
    return this.#opened.store;
  }
}
