import type { BuiltBuffer, WorkloadBuilder } from "./builder.ts";
import { f16 } from "./quantised.ts";

/** The keys and values that a model caches for each token. */
export interface KvShape {
  /** Layers, each with keys and values of its own. */
  readonly layers: number;
  /** Key and value heads of a layer. */
  readonly kvHeads: number;
  /** Numbers in a key or value of a head. */
  readonly headSize: number;
}

/** Tokens of a page: the usual block size of paged attention (Kwon et al., SOSP 2023). */
export const PAGE_TOKENS = 16;

/** The keys and values of past tokens in f16, in pages of {@linkcode PAGE_TOKENS}; one buffer for a page of a layer. */
export class PagedKvCache {
  readonly #builder: WorkloadBuilder;
  readonly #pageBytes: number;
  readonly #layers: BuiltBuffer[][];
  #tokens = 0;
  /** The first page that the newest tokens are written to. */
  #firstWritten = 0;

  /** An empty cache, whose pages `builder` allocates. */
  constructor(builder: WorkloadBuilder, { layers, kvHeads, headSize }: KvShape) {
    this.#builder = builder;
    this.#pageBytes = PAGE_TOKENS * 2 * f16(kvHeads * headSize);
    this.#layers = Array.from({ length: layers }, () => []);
  }

  /** Allocates the pages that `tokens` more tokens need in every layer. */
  grow(tokens: number): void {
    this.#firstWritten = Math.floor(this.#tokens / PAGE_TOKENS);
    this.#tokens += tokens;
    for (const [layer, pages] of this.#layers.entries()) {
      while (pages.length * PAGE_TOKENS < this.#tokens) {
        pages.push(this.#builder.alloc(this.#pageBytes, `kv.${layer}.${pages.length}`));
      }
    }
  }

  /** The pages of a layer: those that the newest tokens are written to, and the older ones, which are only read. */
  pages(layer: number): { older: readonly BuiltBuffer[]; written: readonly BuiltBuffer[] } {
    const pages = this.#layers[layer] ?? [];
    return { older: pages.slice(0, this.#firstWritten), written: pages.slice(this.#firstWritten) };
  }
}
