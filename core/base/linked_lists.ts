/**
 * Linked lists whose walks stay valid while entries come and go, for authors of eviction policies.
 *
 * @example A list of three entries
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { entryOf, LinkedLists, nodeOf } from "@ttm/core/lists";
 *
 * const lists = new LinkedLists();
 * const head = lists.takeMark();
 * for (const entry of [7, 2, 5]) {
 *   lists.admit(nodeOf(entry));
 *   lists.moveBefore(nodeOf(entry), head);
 * }
 * lists.unlink(nodeOf(2));
 * assertEquals([...lists.entries(head)].map(entryOf), [7, 5]);
 * ```
 *
 * @module
 */
import { enlarge, Rows } from "./row_allocator.ts";

const INITIAL = 64;

/**
 * Circular doubly linked lists in one array, the two neighbours of a node side by side. A node is a whole number and is
 * in at most one list: even ones are entries, odd ones are marks, that is list heads and positions of walks.
 */
export class LinkedLists {
  // The successor of node n is at 2n, its predecessor at 2n + 1.
  #links: Int32Array = new Int32Array(0);
  #marks: Rows = new Rows(Infinity, () => {});

  /** Allocates a mark in a list of its own: the head of an empty list. */
  takeMark(): number {
    const mark = 2 * this.#marks.take() + 1;
    this.admit(mark);
    return mark;
  }

  /** Unlinks a mark and frees it. */
  giveMark(mark: number): void {
    this.unlink(mark);
    this.#marks.give(mark >> 1);
  }

  /** The successor of a node; the head follows the last one. */
  next(node: number): number {
    return this.#links[2 * node] as number;
  }

  /** The predecessor of a node; that of the head is the last one. */
  previous(node: number): number {
    return this.#links[2 * node + 1] as number;
  }

  /** The node of the next entry of a list, skipping marks, its head among them; the node itself without any other. */
  nextEntry(node: number): number {
    let next = this.next(node);
    while (isMark(next) && next !== node) next = this.next(next);
    return next;
  }

  /** The node of the previous entry, as {@linkcode nextEntry}. */
  previousEntry(node: number): number {
    let previous = this.previous(node);
    while (isMark(previous) && previous !== node) previous = this.previous(previous);
    return previous;
  }

  /** Moves a node before another, from any list; before a head means to the tail of its list. */
  moveBefore(node: number, successor: number): void {
    const links = this.#links;
    const before = links[2 * successor + 1] as number;
    if (node === successor || node === before) return;
    const oldNext = links[2 * node] as number;
    const oldBefore = links[2 * node + 1] as number;
    links[2 * oldBefore] = oldNext;
    links[2 * oldNext + 1] = oldBefore;
    links[2 * before] = node;
    links[2 * node + 1] = before;
    links[2 * node] = successor;
    links[2 * successor + 1] = node;
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

  /** The nodes of the entries of a list, first to last. */
  *entries(head: number): Generator<number> {
    for (let node = this.next(head); node !== head; node = this.next(node)) if (!isMark(node)) yield node;
  }

  /** Grows the array for a new node, which is linked to itself. */
  admit(node: number): void {
    if (2 * node >= this.#links.length) this.#grow(node);
  }

  #grow(node: number): void {
    const known = this.#links.length >> 1;
    const count = Math.max(INITIAL, 2 * known, node + 1);
    this.#links = enlarge(this.#links, 2 * count);
    for (let at = known; at < count; at++) this.#links[2 * at] = this.#links[2 * at + 1] = at;
  }

  #join(before: number, after: number): void {
    this.#links[2 * before] = after;
    this.#links[2 * after + 1] = before;
  }
}

/** Whether a node is a mark. */
export function isMark(node: number): boolean {
  return (node & 1) === 1;
}

/** The node of an entry, which is a whole number from 0. */
export function nodeOf(entry: number): number {
  return 2 * entry;
}

/** The entry of a node that is not a mark. */
export function entryOf(node: number): number {
  return node >> 1;
}
