import type { ReadOnlyStore, SwapStore } from "../contract/swap_store.ts";
import type { SwappedPages } from "../contract/translation_table.ts";

/** What a store has of a buffer's contents under a key of the caller's. */
export class StoreCopy implements SwappedPages {
  readonly store: SwapStore | ReadOnlyStore;
  readonly key: string;
  readonly length: number;
  readonly persistent = true;
  checksum: number | null = null;
  /** Whether the contents of the buffer are the same. */
  clean = true;

  constructor(store: SwapStore | ReadOnlyStore, key: string, bytes: number) {
    this.store = store;
    this.key = key;
    this.length = bytes;
  }

  /** The contents of the buffer are what the store has, with this checksum. */
  becomeClean(checksum: number | null): void {
    this.checksum = checksum;
    this.clean = true;
  }
}
