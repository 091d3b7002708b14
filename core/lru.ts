import type { BufferObject } from "./buffer_object.ts";
import type { BufferTable } from "./buffer_table.ts";
import type { BulkMove } from "./bulk_move.ts";
import { PRIORITIES } from "./memory_type.ts";
import type { ResourceTable } from "./resource_table.ts";

/**
 * Who is evicted next: for every memory type one list a priority, oldest first, and one list of pinned resources for
 * the device. A resource is listed from its allocation until it is freed, reserved or not. Pinning and unpinning take
 * effect when the buffer is unreserved.
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

  /** Makes a resource the last of the list where its type, priority and pins belong, or of its bulk. */
  moveToTail(row: number): void {
    const bulk = this.#bulkOf(row);
    if (bulk === null) this.append(row);
    else bulk.touch(this, row);
  }

  /** Lists a new resource. */
  add(row: number): void {
    this.append(row);
    this.#bulkOf(row)?.join(this, row);
  }

  /** Takes a resource off its list. */
  remove(row: number): void {
    this.leaveBulk(row);
    this.#resources.unlink(row);
  }

  /** Puts a resource at the tail of the list where its type, priority and pins belong, whatever its bulk. */
  append(row: number): void {
    this.#resources.unlink(row);
    this.#resources.linkBefore(row, this.#headFor(row));
  }

  /** To be called before anything changes that membership depends on: the owner, its pins, its bulk. */
  leaveBulk(row: number): void {
    this.#bulkOf(row)?.leave(this, row);
  }

  /** To be called after such a change. */
  joinBulk(row: number): void {
    this.#bulkOf(row)?.join(this, row);
  }

  /** As {@linkcode joinBulk}, after the last pin has gone. */
  joinBulkUnpinned(row: number): void {
    this.#bulkOf(row)?.joinUnpinned(this, row);
  }

  /** Which of the lists a resource that is not pinned belongs to. */
  listOf(row: number): number {
    const { type } = this.#resources.place(row);
    return type.index * PRIORITIES + this.#buffers.priority(this.buffer(row).row);
  }

  buffer(row: number): BufferObject {
    return this.#resources.buffer(row) as BufferObject;
  }

  after(row: number): number {
    return this.#resources.nextResource(row);
  }

  before(row: number): number {
    return this.#resources.previousResource(row);
  }

  moveBehind(row: number, other: number): void {
    if (row === other) return;
    this.#resources.unlink(row);
    this.#resources.linkBefore(row, this.#resources.next(other));
  }

  /** Moves neighbours, and the marks of walks between them, to the tail of a list. */
  moveStretchToTail(first: number, last: number, list: number): void {
    this.#resources.linkStretchBefore(first, last, this.#heads[list] as number);
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
    if (buffer === null || this.#buffers.pins(buffer.row) > 0) return this.#pinned;
    return this.#heads[this.listOf(row)] as number;
  }

  /** The bulk that a resource is a member of; the pinned are in none. */
  #bulkOf(row: number): BulkMove | null {
    const buffer = this.#resources.buffer(row);
    return buffer === null || this.#buffers.pins(buffer.row) > 0 ? null : buffer.bulkMove;
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
