import type { BufferRecord } from "./buffer_record.ts";
import type { BulkMove } from "../resource/bulk_move.ts";
import type { EvictionCursor, EvictionPolicy, RemovalReason } from "../contract/eviction_policy.ts";
import { LinkedLists } from "../base/linked_lists.ts";
import type { Hints } from "./hints.ts";
import { Lru } from "../resource/lru.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import { RowSet } from "../base/row_set.ts";
import type { ResourceTable } from "../resource/resource_table.ts";
import type { TranslationTable } from "../contract/translation_table.ts";

/**
 * The resources that can be evicted, in the order of the device's policy, and those of pinned buffers, on one list for
 * the device. A resource is in one of the two from its allocation until it is freed, reserved or not. Pinning and
 * unpinning take effect when the buffer is unreserved.
 */
export class EvictionOrder {
  /** The policy that decides the order. */
  readonly policy: EvictionPolicy;
  #resources: ResourceTable<BufferRecord>;
  #hints: Hints<BufferRecord>;
  // Also used by the default policy, so that one table holds all links.
  #links: LinkedLists = new LinkedLists();
  #pinnedHead: number = this.#links.takeMark();
  #pinned: RowSet = new RowSet();
  /** The resources in the order of the policy whose buffers are expected to be used. */
  #expected: RowSet = new RowSet();

  constructor(
    resources: ResourceTable<BufferRecord>,
    hints: Hints<BufferRecord>,
    policy: EvictionPolicy | null,
  ) {
    this.#resources = resources;
    this.#hints = hints;
    this.policy = policy ?? new Lru(this.#links);
  }

  /** Adds a new resource of a buffer. */
  add(row: number, buffer: BufferRecord, type: MemoryType): void {
    if (buffer.pins > 0) return this.#listAsPinned(row);
    this.#insert(row, buffer, type);
    buffer.bulkMove?.join(row);
  }

  /** Tells the policy when the next use of a buffer is expected. */
  expect(buffer: BufferRecord): void {
    const row = buffer.row < 0 ? -1 : buffer.resource;
    if (row >= 0 && !this.#isListedAsPinned(row)) this.#expect(row, this.#hints.next(buffer));
  }

  /** Tells the policy that no use of a resource is expected, since its buffer has left it. */
  expectNothing(row: number): void {
    if (!this.#hints.isEmpty && !this.#isListedAsPinned(row)) this.#expect(row, Infinity);
  }

  #expect(row: number, next: number): void {
    if (next === Infinity) this.#expectNoMore(row);
    else if (!this.#expected.has(row)) {
      this.#expected.add(row);
      this.#resources.place(row).type.expected++;
    }
    this.policy.hint?.(row, next);
  }

  #expectNoMore(row: number): void {
    if (this.#expected.size > 0 && this.#expected.delete(row)) this.#resources.place(row).type.expected--;
  }

  /** Notes that the buffer of a resource was used; applies pins and unpins since the last call. */
  touch(row: number, buffer: BufferRecord): void {
    if (buffer.isFree && this.#pinned.size === 0) this.policy.touch(row);
    else this.#touch(row, buffer);
  }

  #touch(row: number, buffer: BufferRecord): void {
    const isPinned = buffer.pins > 0;
    if (buffer.bulkMove !== null && !isPinned) return buffer.bulkMove.touch(row);
    const wasPinned = this.#isListedAsPinned(row);
    if (isPinned) {
      if (!wasPinned) this.#removeListed(row, "pinned");
      this.#listAsPinned(row);
    } else if (wasPinned) this.#insertUnpinned(row);
    else this.policy.touch(row);
  }

  /** Removes a resource of a buffer. */
  remove(row: number, buffer: BufferRecord, why: RemovalReason): void {
    if (buffer.bulkMove !== null) this.leaveBulk(row);
    if (this.#isListedAsPinned(row)) this.#unlistAsPinned(row);
    else this.#removeListed(row, why);
  }

  #removeListed(row: number, why: RemovalReason): void {
    this.#expectNoMore(row);
    this.policy.remove(row, why);
  }

  /** To be called before a change of the owner, its pins or its bulk move, which membership depends on. */
  leaveBulk(row: number): void {
    this.#bulkOf(row)?.leave(row);
  }

  /** To be called after such a change. */
  joinBulk(row: number): void {
    this.#bulkOf(row)?.join(row);
  }

  /** As {@linkcode joinBulk}, after the pin count has become 0. */
  joinBulkUnpinned(row: number): void {
    this.#bulkOf(row)?.joinRelisted(
      row,
      () => this.#isListedAsPinned(row) ? this.#insertUnpinned(row) : this.policy.touch(row),
    );
  }

  /** Moves a resource to the LRU list of its owner's new priority; it has left its bulk move before. */
  relist(row: number, buffer: BufferRecord): void {
    if (this.#isPinned(row)) return;
    const append = () => {
      if (this.#isListedAsPinned(row)) return this.#insertUnpinned(row);
      this.#removeListed(row, "moved");
      this.#insert(row, buffer, this.#resources.place(row).type);
    };
    if (buffer.bulkMove === null) append();
    else buffer.bulkMove.joinRelisted(row, append);
  }

  /**
   * Starts a walk over a memory type to find victims, perhaps to make room for a buffer. Close it in a `finally`. Another
   * walk than that of the order in force is only for comparison.
   */
  walk(type: MemoryType, newcomer?: BufferRecord, byHints: boolean = this.#hints.areFollowed): EvictionCursor {
    const { policy } = this;
    return policy.hint === undefined || byHints
      ? policy.candidates(type.name, newcomer)
      : policy.candidates(type.name, newcomer, true);
  }

  /**
   * As {@linkcode walk}, to find buffers to swap out: with the kernel's order it leaves out those at the front of a list
   * that {@linkcode leaveOut} has told of.
   */
  walkToSwapOut(type: MemoryType): EvictionCursor {
    return this.policy instanceof Lru ? this.policy.candidatesWithPages(type.name) : this.walk(type);
  }

  /** Whether such a walk would leave out a resource. */
  isLeftOut(row: number): boolean {
    return this.policy instanceof Lru && this.policy.isSkipped(row);
  }

  /** Number of resources that such a walk leaves out. */
  leftOut(type: MemoryType): number {
    return this.policy instanceof Lru ? this.policy.skipped(type.name) : 0;
  }

  /**
   * Lets further such walks leave out a resource that this one has returned, until its table has pages. The policy is told
   * only of those that it will be told of when they are removed.
   */
  leaveOut(row: number, table: TranslationTable): void {
    if (!(this.policy instanceof Lru) || this.#isListedAsPinned(row)) return;
    if (this.policy.skip(row)) table.whenFilled = () => this.letIn(row);
  }

  /** Lets such walks return a resource again. */
  letIn(row: number): void {
    if (this.policy instanceof Lru) this.policy.refill(row);
  }

  /** The resources of a memory type in eviction order, the first victim first, for reading only. */
  *candidates(type: MemoryType): Generator<number> {
    // A faulty policy may return entries without end; one more than there are residents is enough to detect that.
    let left = type.residents + 1;
    for (const row of this.policy.order?.(type.name, !this.#hints.areFollowed) ?? this.#walked(type)) {
      if (left-- === 0) return;
      yield row;
    }
  }

  /** The resources on the pinned list of the device, in the order in which they were pinned or last touched. */
  pinned(): Generator<number> {
    return this.#links.entries(this.#pinnedHead);
  }

  *#walked(type: MemoryType): Generator<number> {
    const walk = this.walk(type);
    try {
      for (let row = walk.next(); row >= 0; row = walk.next()) yield row;
    } finally {
      walk.close();
    }
  }

  #listAsPinned(row: number): void {
    if (!this.#pinned.has(row)) {
      this.#pinned.add(row);
      this.#resources.place(row).type.pinned++;
    }
    this.#links.admit(row);
    this.#links.moveBefore(row, this.#pinnedHead);
  }

  // Most devices have few pinned buffers, so the check of the size usually saves the lookup.
  #isListedAsPinned(row: number): boolean {
    return this.#pinned.size > 0 && this.#pinned.has(row);
  }

  #unlistAsPinned(row: number): void {
    this.#pinned.delete(row);
    this.#resources.place(row).type.pinned--;
    this.#links.unlink(row);
  }

  #insertUnpinned(row: number): void {
    this.#unlistAsPinned(row);
    this.#insert(row, this.#resources.buffer(row) as BufferRecord, this.#resources.place(row).type);
  }

  #insert(row: number, buffer: BufferRecord, { name }: MemoryType): void {
    this.policy.insert(row, buffer, name);
    const next = this.#hints.isEmpty ? Infinity : this.#hints.next(buffer);
    if (next < Infinity) this.#expect(row, next);
  }

  #isPinned(row: number): boolean {
    const buffer = this.#resources.buffer(row);
    return buffer !== null && buffer.pins > 0;
  }

  /** The bulk move that a resource is a member of; null for a pinned buffer. */
  #bulkOf(row: number): BulkMove | null {
    const bulk = this.#resources.buffer(row)?.bulkMove ?? null;
    return bulk === null || this.#isPinned(row) ? null : bulk;
  }
}
