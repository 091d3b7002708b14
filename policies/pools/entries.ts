import type { BufferView } from "@ttm/core";
import { isMark, LinkedLists } from "@ttm/core/lists";

const INITIAL = 64;

/**
 * What the pools of a policy know of its entries, by entry. Columns are shared by all pools, so that they have no gaps:
 * an array with large ones becomes a hash table.
 */
export class Entries {
  /** The links of all queues. */
  readonly links: LinkedLists = new LinkedLists();
  /** Size of the buffer, in pages. */
  pages: Int32Array = new Int32Array(INITIAL);
  /** The number of the buffer. */
  ids: Int32Array = new Int32Array(INITIAL);
  /** Of each pool's own meaning, as the next two; 0 at insertion. */
  marks: Uint8Array = new Uint8Array(INITIAL);
  counts: Int32Array = new Int32Array(INITIAL);
  values: Float64Array = new Float64Array(INITIAL);
  readonly buffers: BufferView[] = [];
  /** Walks that have begun and not ended: what they have given must not be moved, and nothing between their queues. */
  openWalks = 0;
  /** All queues, by number. */
  readonly queues: Queue[] = [];
  /** The number of the queue that an entry is in, -1 if it is in none. */
  queueOf: Int32Array = new Int32Array(INITIAL).fill(-1);

  /** Takes note of an entry, which is in no queue. */
  admit(entry: number, buffer: BufferView): void {
    if (entry >= this.pages.length) this.#grow(2 * entry);
    this.links.admit(entry);
    this.buffers[entry] = buffer;
    this.ids[entry] = buffer.id;
    this.pages[entry] = buffer.pages;
    this.marks[entry] = this.counts[entry] = this.values[entry] = 0;
    this.queueOf[entry] = -1;
  }

  /** As {@linkcode admit}, with all that others know of the entry. */
  admitAs(entry: number, others: Entries): void {
    this.admit(entry, others.buffers[entry] as BufferView);
    this.marks[entry] = others.marks[entry] as number;
    this.counts[entry] = others.counts[entry] as number;
    this.values[entry] = others.values[entry] as number;
  }

  #grow(length: number): void {
    const { pages, ids, marks, counts, values, queueOf } = this;
    this.pages = new Int32Array(length);
    this.pages.set(pages);
    this.ids = new Int32Array(length);
    this.ids.set(ids);
    this.marks = new Uint8Array(length);
    this.marks.set(marks);
    this.counts = new Int32Array(length);
    this.counts.set(counts);
    this.values = new Float64Array(length);
    this.values.set(values);
    this.queueOf = new Int32Array(length).fill(-1);
    this.queueOf.set(queueOf);
  }
}

/** A queue of entries, which knows how many pages they have. An entry is in one queue at most. */
export class Queue {
  /** Size of all entries, in pages. */
  pages = 0;
  readonly #entries: Entries;
  readonly #head: number;
  readonly #number: number;

  /** An empty queue. */
  constructor(entries: Entries) {
    this.#entries = entries;
    this.#head = entries.links.takeMark();
    this.#number = entries.queues.push(this) - 1;
  }

  /** The entry at the front, -1 if it is empty. */
  get front(): number {
    return this.after(this.#head);
  }

  /** Whether it has no entries. */
  get isEmpty(): boolean {
    return this.front < 0;
  }

  /** The node that stands for the queue in the links. */
  get head(): number {
    return this.#head;
  }

  /** Whether an entry is in it. */
  has(entry: number): boolean {
    return this.#entries.queueOf[entry] === this.#number;
  }

  /** Moves an entry to the back, from whatever queue it is in. */
  push(entry: number): void {
    this.#move(entry, this.#head);
  }

  /** As {@linkcode push}, but in front of those at the back that come after it. */
  pushInFrontOf(entry: number, comesAfter: (other: number) => boolean): void {
    const { links } = this.#entries;
    let successor = this.#head;
    for (let node = links.previous(successor); node !== this.#head; node = links.previous(node)) {
      if (isMark(node)) continue;
      if (!comesAfter(node)) break;
      successor = node;
    }
    this.#move(entry, successor);
  }

  #move(entry: number, successor: number): void {
    const { links, queues, queueOf, pages } = this.#entries;
    const from = queueOf[entry] as number;
    if (from !== this.#number) {
      const size = pages[entry] as number;
      if (from >= 0) (queues[from] as Queue).pages -= size;
      this.pages += size;
      queueOf[entry] = this.#number;
    }
    links.moveBefore(entry, successor);
  }

  /** Takes an entry out that is in it. */
  drop(entry: number): void {
    this.pages -= this.#entries.pages[entry] as number;
    this.#entries.queueOf[entry] = -1;
    this.#entries.links.unlink(entry);
  }

  /** The first entry behind a node of the queue, -1 at its end. */
  after(node: number): number {
    const { links } = this.#entries;
    let next = links.next(node);
    while (isMark(next)) {
      if (next === this.#head) return -1;
      next = links.next(next);
    }
    return next;
  }

  /** All entries, front to back. */
  [Symbol.iterator](): Generator<number> {
    return this.#entries.links.entries(this.#head);
  }
}
