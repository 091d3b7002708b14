import type { ReadOnlyStore, SwapStore } from "../contract/swap_store.ts";
import type { SwappedPages } from "../contract/translation_table.ts";

const DIRTY = -1;

/** What a store has of a buffer's contents under a key of the caller's. */
export class StoreCopy implements SwappedPages {
  readonly store: SwapStore | ReadOnlyStore;
  readonly key: string;
  readonly length: number;
  readonly persistent = true;
  checksum: number | null = null;
  /** The number of writes that had been announced when the buffer was the same. */
  #writes = DIRTY;

  constructor(store: SwapStore | ReadOnlyStore, key: string, bytes: number) {
    this.store = store;
    this.key = key;
    this.length = bytes;
  }

  /** Whether the contents of the buffer are the same, if so many writes have been announced on its reservation. */
  isClean(writes: number): boolean {
    return this.#writes === writes;
  }

  becomeClean(writes: number): void {
    this.#writes = writes;
  }

  becomeDirty(): void {
    this.#writes = DIRTY;
  }
}
