import { enlarge, Rows } from "./rows.ts";

const INITIAL = 64;

/**
 * Circular lists in two columns. An entry is a whole number from 0 and stands in one list at most; a mark, a negative
 * number, is no entry: the head of a list, or the place of a walk.
 */
export class LinkedLists {
  #next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);
  #marks: Rows = new Rows(Infinity, () => {});

  /** A mark in a list of its own: the head of an empty list. */
  takeMark(): number {
    const mark = ~this.#marks.take();
    this.#reach(mark);
    return mark;
  }

  /** Takes a mark out of its list and back. */
  giveMark(mark: number): void {
    this.unlink(mark);
    this.#marks.give(~mark);
  }

  /** The entry or mark behind; the head behind the last one. */
  next(node: number): number {
    return this.#next[slot(node)] as number;
  }

  /** The entry or mark before; the last one before the head. */
  previous(node: number): number {
    return this.#previous[slot(node)] as number;
  }

  /** The entry behind, past marks; there must be one. */
  nextEntry(entry: number): number {
    let next = this.next(entry);
    while (next < 0) next = this.next(next);
    return next;
  }

  /** The entry before, past marks; there must be one. */
  previousEntry(entry: number): number {
    let previous = this.previous(entry);
    while (previous < 0) previous = this.previous(previous);
    return previous;
  }

  /** Moves a node in front of another, from wherever it was; in front of a head means to the tail of its list. */
  moveBefore(node: number, successor: number): void {
    if (node === successor) return;
    this.#reach(node);
    this.unlink(node);
    this.#join(this.previous(successor), node);
    this.#join(node, successor);
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

  /** The entries of a list, first to last. */
  *entries(head: number): Generator<number> {
    for (let node = this.next(head); node !== head; node = this.next(node)) if (node >= 0) yield node;
  }

  #join(before: number, after: number): void {
    this.#next[slot(before)] = after;
    this.#previous[slot(after)] = before;
  }

  /** Makes the columns long enough; new nodes are linked to themselves. */
  #reach(node: number): void {
    const from = this.#next.length;
    if (slot(node) < from) return;
    const length = Math.max(INITIAL, 2 * from, slot(node) + 1);
    this.#next = enlarge(this.#next, length);
    this.#previous = enlarge(this.#previous, length);
    for (let at = from; at < length; at++) {
      this.#next[at] = this.#previous[at] = at % 2 === 0 ? at / 2 : ~((at - 1) / 2);
    }
  }
}

/** Entries have the even places of a column, marks the odd ones. */
function slot(node: number): number {
  return node < 0 ? 2 * ~node + 1 : 2 * node;
}
