import type { BufferTable } from "./buffer_table.ts";
import { PRIORITIES } from "./memory_type.ts";
import type { ResourceTable } from "./resource_table.ts";

/**
 * Who is evicted next: for every memory type one list a priority, oldest first, and one list of pinned resources for
 * the device. A resource is listed from its allocation until it is freed, reserved or not.
 */
export class Lru {
  #resources: ResourceTable;
  #buffers: BufferTable;
  #heads: number[] = [];
  #pinned: number;

  constructor(resources: ResourceTable, buffers: BufferTable, memoryTypes: number) {
    this.#resources = resources;
    this.#buffers = buffers;
    for (let i = 0; i < memoryTypes * PRIORITIES; i++) this.#heads.push(resources.allocateMark());
    this.#pinned = resources.allocateMark();
  }

  /** Puts a resource at the tail of the list where its type, priority and pins belong; it may stand elsewhere. */
  moveToTail(row: number): void {
    if (this.#resources.isLinked(row)) this.#resources.unlink(row);
    this.#resources.linkBefore(row, this.#headFor(row));
  }

  /** Takes a resource off its list. */
  remove(row: number): void {
    this.#resources.unlink(row);
  }

  /** The resources of a memory type and priority, oldest first. */
  *list(memoryType: number, priority: number): Generator<number> {
    yield* this.#entries(this.#head(memoryType, priority));
  }

  /** The pinned resources of the device, in the order in which they were pinned or last touched. */
  *pinned(): Generator<number> {
    yield* this.#entries(this.#pinned);
  }

  /** Starts a walk over a memory type, lowest priority first, oldest first. Close it in a `finally`. */
  walk(memoryType: number): LruWalk {
    return new LruWalk(this.#resources, this.#heads.slice(memoryType * PRIORITIES, (memoryType + 1) * PRIORITIES));
  }

  #headFor(row: number): number {
    const buffer = this.#resources.buffer(row);
    if (buffer === null) return this.#pinned;
    if (this.#buffers.pins(buffer.row) > 0) return this.#pinned;
    return this.#head(this.#resources.place(row).type.index, this.#buffers.priority(buffer.row));
  }

  #head(memoryType: number, priority: number): number {
    return this.#heads[memoryType * PRIORITIES + priority] as number;
  }

  *#entries(head: number): Generator<number> {
    for (let row = this.#resources.next(head); row !== head; row = this.#resources.next(row)) {
      if (this.#resources.buffer(row) !== null) yield row;
    }
  }
}

/**
 * A place in a memory type's lists that stays where it is while entries leave, and meets the entries that join at
 * the tail meanwhile (the kernel's `ttm_lru_cursor`): a mark that stands in the list behind the last entry seen.
 */
export class LruWalk {
  #resources: ResourceTable;
  #heads: number[];
  #priority = 0;
  #mark: number;

  constructor(resources: ResourceTable, heads: number[]) {
    this.#resources = resources;
    this.#heads = heads;
    this.#mark = resources.allocateMark();
    this.#placeBehind(heads[0] as number);
  }

  /** The next resource; -1 at the end. */
  next(): number {
    const resources = this.#resources;
    for (;;) {
      const row = resources.next(this.#mark);
      if (row === this.#heads[this.#priority]) {
        const head = this.#heads[++this.#priority];
        if (head === undefined) {
          this.#priority--;
          return -1;
        }
        this.#placeBehind(head);
        continue;
      }
      this.#placeBehind(row);
      if (resources.buffer(row) !== null) return row;
    }
  }

  /** Takes the mark out of the lists. */
  close(): void {
    this.#resources.unlink(this.#mark);
    this.#resources.release(this.#mark);
  }

  #placeBehind(row: number): void {
    this.#resources.unlink(this.#mark);
    this.#resources.linkBefore(this.#mark, this.#resources.next(row));
  }
}
