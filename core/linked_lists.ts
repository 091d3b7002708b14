import { enlarge, Rows } from "./rows.ts";

const INITIAL = 64;

/**
 * Circular lists in two columns. A node is a whole number and stands in one list at most: the even ones are entries, the
 * odd ones marks, that is heads of lists and places of walks.
 */
export class LinkedLists {
  #next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  #marks: Rows = new Rows(Infinity, () => {});

  /** A mark in a list of its own: the head of an empty list. */
  takeMark(): number {
    const mark = 2 * this.#marks.take() + 1;
    this.admit(mark);
    return mark;
  }

  /** Takes a mark out of its list and back. */
  giveMark(mark: number): void {
    this.unlink(mark);
    this.#marks.give(mark >> 1);
  }

  /** The node behind; the head behind the last one. */
  next(node: number): number {
    return this.#next[node] as number;
  }

  /** The node before; the last one before the head. */
  previous(node: number): number {
    return this.#previous[node] as number;
  }

  /** The node of the entry behind, past marks; there must be one. */
  nextEntry(entry: number): number {
    let next = this.next(entry);
    while (isMark(next)) next = this.next(next);
    return next;
  }

  /** The node of the entry before, past marks; there must be one. */
  previousEntry(entry: number): number {
    let previous = this.previous(entry);
    while (isMark(previous)) previous = this.previous(previous);
    return previous;
  }

  /** Moves a node in front of another, from wherever it was; in front of a head means to the tail of its list. */
  moveBefore(node: number, successor: number): void {
    const next = this.#next;
    const previous = this.#previous;
    const before = previous[successor] as number;
    if (node === successor || node === before) return;
    const oldBefore = previous[node] as number;
    const oldNext = next[node] as number;
    next[oldBefore] = oldNext;
    previous[oldNext] = oldBefore;
    next[before] = node;
    previous[node] = before;
    next[node] = successor;
    previous[successor] = node;
  }

  /** Moves a node behind another. */
  moveBehind(node: number, predecessor: number): void {
    if (node !== predecessor) this.moveBefore(node, this.next(predecessor));
  }

  /** Moves neighbours, and the marks between them, in front of a node that is not among them. */
  moveStretchBefore(first: number, last: number, successor: number): void {
    if (this.next(last) === successor) return;
    this.#join(this.previous(first), this.next(last));
    this.#join(this.previous(successor), first);
    this.#join(last, successor);
  }

  /** Takes a node out of its list. */
  unlink(node: number): void {
    this.#join(this.previous(node), this.next(node));
    this.#join(node, node);
  }

  /** The nodes of the entries of a list, first to last. */
  *entries(head: number): Generator<number> {
    for (let node = this.next(head); node !== head; node = this.next(node)) if (!isMark(node)) yield node;
  }

  /** Makes room for a node that has not been seen before; it is linked to itself. */
  admit(node: number): void {
    const from = this.#next.length;
    if (node < from) return;
    const length = Math.max(INITIAL, 2 * from, node + 1);
    this.#next = enlarge(this.#next, length);
    this.#previous = enlarge(this.#previous, length);
    for (let at = from; at < length; at++) this.#next[at] = this.#previous[at] = at;
  }

  #join(before: number, after: number): void {
    this.#next[before] = after;
    this.#previous[after] = before;
  }
}

/** Whether a node is no entry. */
export function isMark(node: number): boolean {
  return (node & 1) === 1;
}

/** The node of an entry, which is a whole number from 0. */
export function nodeOf(entry: number): number {
  return 2 * entry;
}

/** The entry of a node that is no mark. */
export function entryOf(node: number): number {
  return node >> 1;
}
