/**
 * Linked lists whose walks stay valid while entries come and go, for authors of eviction policies.
 *
 * @example A list of three entries
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LinkedLists } from "@ttm/core/lists";
 *
 * const lists = new LinkedLists();
 * const head = lists.takeMark();
 * for (const entry of [7, 2, 5]) {
 *   lists.admit(entry);
 *   lists.moveBefore(entry, head);
 * }
 * lists.unlink(2);
 * assertEquals([...lists.entries(head)], [7, 5]);
 * ```
 *
 * @module
 */
import { Rows } from "./row_allocator.ts";

const INITIAL_ENTRIES = 64;
const INITIAL_MARKS = 16;

/**
 * Circular doubly linked lists in one array, the two neighbours of a node side by side. A node is a whole number and is
 * in at most one list: those from 0 are entries, negative ones are marks, that is list heads and positions of walks.
 */
export class LinkedLists {
  // The successor of node n is at 2n from here, its predecessor behind it; those of the marks come before.
  #origin = 0;
  #links: Int32Array = new Int32Array(0);
  /** Entries that there is room for. */
  #capacity = 0;
  #marks: Rows = new Rows(Infinity, () => {});

  /** Allocates a mark in a list of its own: the head of an empty list. */
  takeMark(): number {
    const mark = ~this.#marks.take();
    const known = this.#origin >> 1;
    if (-mark > known) this.#resize(Math.max(INITIAL_MARKS, 2 * known), this.#capacity);
    return mark;
  }

  /** Unlinks a mark and frees it. */
  giveMark(mark: number): void {
    this.unlink(mark);
    this.#marks.give(~mark);
  }

  /** The successor of a node; the head follows the last one. */
  next(node: number): number {
    return this.#links[this.#origin + 2 * node] as number;
  }

  /** The predecessor of a node; that of the head is the last one. */
  previous(node: number): number {
    return this.#links[this.#origin + 2 * node + 1] as number;
  }

  /** The next entry of a list, skipping marks, its head among them; the node itself without any other. */
  nextEntry(node: number): number {
    let next = this.next(node);
    while (isMark(next) && next !== node) next = this.next(next);
    return next;
  }

  /** The previous entry, as {@linkcode nextEntry}. */
  previousEntry(node: number): number {
    let previous = this.previous(node);
    while (isMark(previous) && previous !== node) previous = this.previous(previous);
    return previous;
  }

  /** Moves a node before another, from any list; before a head means to the tail of its list. */
  moveBefore(node: number, successor: number): void {
    const links = this.#links;
    const origin = this.#origin;
    const own = origin + 2 * node;
    const behind = origin + 2 * successor;
    const before = links[behind + 1] as number;
    if (node === successor || node === before) return;
    const oldNext = links[own] as number;
    const oldBefore = links[own + 1] as number;
    links[origin + 2 * oldBefore] = oldNext;
    links[origin + 2 * oldNext + 1] = oldBefore;
    links[origin + 2 * before] = node;
    links[own + 1] = before;
    links[own] = successor;
    links[behind + 1] = node;
  }

  /** Moves a node after another. */
  moveBehind(node: number, predecessor: number): void {
    if (node !== predecessor) this.moveBefore(node, this.next(predecessor));
  }

  /** Moves the nodes from `first` to `last`, marks included, before a node that is not among them. */
  moveStretchBefore(first: number, last: number, successor: number): void {
    if (this.next(last) === successor) return;
    this.#join(this.previous(first), this.next(last));
    this.#join(this.previous(successor), first);
    this.#join(last, successor);
  }

  /** Unlinks a node from its list. */
  unlink(node: number): void {
    this.#join(this.previous(node), this.next(node));
    this.#join(node, node);
  }

  /** The entries of a list, first to last. */
  *entries(head: number): Generator<number> {
    for (let node = this.next(head); node !== head; node = this.next(node)) if (!isMark(node)) yield node;
  }

  /** Makes room for a new entry, which is linked to itself. */
  admit(entry: number): void {
    if (entry >= this.#capacity) this.#grow(entry);
  }

  #grow(entry: number): void {
    this.#resize(this.#origin >> 1, Math.max(INITIAL_ENTRIES, 2 * this.#capacity, entry + 1));
  }

  #resize(marks: number, entries: number): void {
    const links = new Int32Array(2 * (marks + entries));
    for (let at = 0; at < links.length; at++) links[at] = (at >> 1) - marks;
    links.set(this.#links, 2 * marks - this.#origin);
    this.#links = links;
    this.#origin = 2 * marks;
    this.#capacity = entries;
  }

  #join(before: number, after: number): void {
    this.#links[this.#origin + 2 * before] = after;
    this.#links[this.#origin + 2 * after + 1] = before;
  }
}

/** Whether a node is a mark. */
export function isMark(node: number): boolean {
  return node < 0;
}
