import type { BufferView } from "../contract/buffer_view.ts";
import type { EvictionCursor, EvictionPolicy } from "../contract/eviction_policy.ts";
import { isMark, LinkedLists } from "../base/linked_lists.ts";
import { enlarge } from "../base/row_allocator.ts";
import { PRIORITIES } from "../base/units.ts";

const INITIAL = 64;

/** Added to the list of an entry whose pages need not be looked for. */
const PAGELESS = 128;

/**
 * The kernel's eviction order: lowest priority first, and within a priority the least recently used buffer first.
 *
 * @returns A policy for one device; a device without one makes its own.
 */
export function lru(): EvictionPolicy {
  return new Lru();
}

/**
 * Lowest priority first, and within a priority the most recently used buffer first. If a cycle of buffers that is
 * larger than the memory type is used over and over, as the layers of a model, {@linkcode lru} always evicts the buffer
 * that is needed next; `mru` keeps a part of them resident.
 *
 * @returns A policy for one device.
 *
 * @example Three buffers in turn, room for two
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, lru, mru, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { firstFit } from "@ttm/first-fit";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * async function hits(policy: ReturnType<typeof lru>): Promise<number> {
 *   const driver = new RadeonSim({ vram: 2 * PAGE_SIZE, gtt: 4 * PAGE_SIZE });
 *   const managers = { vram: firstFit(), gtt: firstFit() };
 *   const device = new BoDevice({ driver, managers, policy, clock: new SimulatedClock() });
 *   const layers = [1, 2, 3].map(() => device.createBuffer({ bytes: PAGE_SIZE }));
 *   let hits = 0;
 *   for (const layer of [...layers, ...layers, ...layers]) {
 *     using _reservation = await layer.reserve();
 *     if (layer.memoryType === "vram") hits++;
 *     await layer.validate({ placement: [{ memoryType: "vram" }] });
 *   }
 *   return hits;
 * }
 * assertEquals([await hits(lru()), await hits(mru())], [0, 3]);
 * ```
 */
export function mru(): EvictionPolicy {
  return new Lru(new LinkedLists(), true);
}

/** The first entries of a list, as far as their buffers are known to have no pages that could be swapped out. */
interface PagelessFront {
  /** -1 if there are none. */
  last: number;
  length: number;
}

/** One list per memory type and priority, from the least to the most recently used buffer. */
export class Lru implements EvictionPolicy {
  readonly name: string;
  #links: LinkedLists;
  #newestFirst: boolean;
  // There are few memory types, and comparing names is faster than hashing one.
  #memoryTypes: string[] = [];
  /** Head of each list; a memory type has one list per priority. */
  #heads: number[] = [];
  /** List of each entry; {@linkcode PAGELESS} is added for those in the pageless front of their list. */
  #listOf: Uint8Array = new Uint8Array(INITIAL);
  /** Walks that are closed. */
  #idle: LruWalk[] = [];
  /** The front of each list. */
  #fronts: PagelessFront[] = [];
  /** Entries that have got pages while they were in a front. */
  #refilled: number[] = [];

  constructor(links: LinkedLists = new LinkedLists(), newestFirst = false) {
    this.name = newestFirst ? "mru" : "lru";
    this.#links = links;
    this.#newestFirst = newestFirst;
  }

  insert(entry: number, buffer: BufferView, memoryType: string): void {
    this.#links.admit(entry);
    if (entry >= this.#listOf.length) this.#listOf = enlarge(this.#listOf, 2 * entry);
    const list = this.#firstListOf(memoryType) + buffer.priority;
    this.#listOf[entry] = list;
    this.#links.moveBefore(entry, this.#heads[list] as number);
  }

  touch(entry: number): void {
    let list = this.#listOf[entry] as number;
    if (list >= PAGELESS) list = this.#leaveFront(entry);
    this.#links.moveBefore(entry, this.#heads[list] as number);
  }

  remove(entry: number): void {
    if ((this.#listOf[entry] as number) >= PAGELESS) this.#leaveFront(entry);
    this.#links.unlink(entry);
  }

  candidates(memoryType: string, _newcomer?: BufferView): EvictionCursor {
    return this.#begin(memoryType, null);
  }

  /** As {@linkcode candidates}, but the walk begins behind the entries that {@linkcode skip} has put into the fronts. */
  candidatesWithPages(memoryType: string): EvictionCursor {
    this.#endFrontsAtTheRefilled();
    return this.#begin(memoryType, this.#fronts);
  }

  #begin(memoryType: string, fronts: PagelessFront[] | null): EvictionCursor {
    const walk = this.#idle.pop() ?? new LruWalk(this.#links, this.#heads, this.#newestFirst, this.#idle);
    walk.open(this.#firstListOf(memoryType), fronts);
    return walk;
  }

  /**
   * Puts the entry that a walk has just returned into the front of its list: its buffer has no pages that could be
   * swapped out, until {@linkcode refill} is called.
   *
   * @returns false if an entry with pages is before it, or the newest come first: then it is not put there.
   */
  skip(entry: number): boolean {
    const list = this.#listOf[entry] as number;
    const front = this.#fronts[list] as PagelessFront;
    const before = front.last < 0 ? this.#heads[list] as number : front.last;
    if (this.#newestFirst || this.#links.nextEntry(before) !== entry) return false;
    front.last = entry;
    front.length++;
    this.#listOf[entry] = list + PAGELESS;
    return true;
  }

  /** The buffer of an entry has got pages, in its present place. */
  refill(entry: number): void {
    if ((this.#listOf[entry] as number) >= PAGELESS) this.#refilled.push(entry);
  }

  /** Whether an entry is in the pageless front of its list, and has not been refilled. */
  isSkipped(entry: number): boolean {
    return (this.#listOf[entry] as number) >= PAGELESS && !this.#refilled.includes(entry);
  }

  /** Number of entries in the pageless fronts of a memory type. */
  skipped(memoryType: string): number {
    const first = this.#firstListOf(memoryType);
    return this.#fronts.slice(first, first + PRIORITIES).reduce((sum, { length }) => sum + length, 0);
  }

  /** The head of the list of a memory type and priority. */
  headOf(memoryType: string, priority: number): number {
    return this.#heads[this.#firstListOf(memoryType) + priority] as number;
  }

  after(entry: number): number {
    return this.#links.nextEntry(entry);
  }

  before(entry: number): number {
    return this.#links.previousEntry(entry);
  }

  moveBehind(entry: number, other: number): void {
    this.#endFrontAt(other);
    if ((this.#listOf[entry] as number) >= PAGELESS) this.#leaveFront(entry);
    this.#links.moveBehind(entry, other);
  }

  /** Moves a stretch of adjacent entries, and the marks of walks between them, to the tail of a list. */
  moveStretchToTail(first: number, last: number, list: number): void {
    this.#endFrontAt(first);
    this.#links.moveStretchBefore(first, last, list);
  }

  #endFrontsAtTheRefilled(): void {
    for (const entry of this.#refilled) this.#endFrontAt(entry);
    this.#refilled = [];
  }

  /** Takes an entry and those behind it out of the front of its list. */
  #endFrontAt(entry: number): void {
    while ((this.#listOf[entry] as number) >= PAGELESS) this.#leaveFront(this.#lastOfFront(entry));
  }

  #lastOfFront(entry: number): number {
    return (this.#fronts[(this.#listOf[entry] as number) - PAGELESS] as PagelessFront).last;
  }

  /** Takes an entry, which stays where it is, out of the front of its list, and returns the list. */
  #leaveFront(entry: number): number {
    const list = this.#listOf[entry] as number - PAGELESS;
    const front = this.#fronts[list] as PagelessFront;
    if (front.last === entry) front.last = front.length === 1 ? -1 : this.before(entry);
    front.length--;
    this.#listOf[entry] = list;
    return list;
  }

  #firstListOf(memoryType: string): number {
    const types = this.#memoryTypes;
    for (let at = 0; at < types.length; at++) if (types[at] === memoryType) return at * PRIORITIES;
    return this.#addType(memoryType);
  }

  #addType(memoryType: string): number {
    this.#memoryTypes.push(memoryType);
    for (let priority = 0; priority < PRIORITIES; priority++) {
      this.#heads.push(this.#links.takeMark());
      this.#fronts.push({ last: -1, length: 0 });
    }
    return this.#heads.length - PRIORITIES;
  }
}

/**
 * A walk over the lists of a memory type (the kernel's `ttm_lru_cursor`). Its position is a mark in the list, next to
 * the last entry visited, so that it stays valid when entries are removed. A walk from the least recently used entry
 * also visits entries that are added at the tail during the walk.
 */
class LruWalk implements EvictionCursor {
  #links: LinkedLists;
  #heads: readonly number[];
  #newestFirst: boolean;
  #fronts: readonly PagelessFront[] | null = null;
  #idle: LruWalk[];
  #list = 0;
  #lastList = 0;
  #mark: number;
  /** The node that the walk has come to: its mark, or the start of a list. */
  #node = 0;

  /** `idle` gets it when it is closed. */
  constructor(links: LinkedLists, heads: readonly number[], newestFirst: boolean, idle: LruWalk[]) {
    this.#links = links;
    this.#heads = heads;
    this.#newestFirst = newestFirst;
    this.#idle = idle;
    this.#mark = links.takeMark();
  }

  /** Starts at the first of the lists of a memory type; with fronts, behind the front of each list. */
  open(firstList: number, fronts: readonly PagelessFront[] | null): void {
    this.#list = firstList;
    this.#lastList = firstList + PRIORITIES - 1;
    this.#fronts = fronts;
    this.#standAtStart();
  }

  next(): number {
    for (;;) {
      const node = this.#newestFirst ? this.#links.previous(this.#node) : this.#links.next(this.#node);
      if (node === this.#heads[this.#list]) {
        if (this.#list === this.#lastList) {
          this.#standAt(this.#node);
          return -1;
        }
        this.#list++;
        this.#standAtStart();
      } else if (isMark(node)) this.#node = node;
      else {
        this.#standAt(node);
        return node;
      }
    }
  }

  close(): void {
    this.#links.unlink(this.#mark);
    this.#idle.push(this);
  }

  #standAtStart(): void {
    const skipped = this.#fronts?.[this.#list]?.last ?? -1;
    this.#node = skipped < 0 ? this.#heads[this.#list] as number : skipped;
  }

  #standAt(node: number): void {
    this.#node = this.#mark;
    if (this.#newestFirst) this.#links.moveBefore(this.#mark, node);
    else this.#links.moveBehind(this.#mark, node);
  }
}
