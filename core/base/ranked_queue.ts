/** A member of a {@linkcode RankedQueue}. */
export interface Ranked<Value> {
  readonly rank: number;
  readonly order: number;
  readonly value: Value;
  /** Its index in the heap. */
  position: number;
}

/**
 * Values by rank, the lowest first, and those of equal rank in the order in which they were added: a binary heap whose
 * members know their index.
 */
export class RankedQueue<Value> {
  #heap: Ranked<Value>[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The member that comes next. */
  get first(): Ranked<Value> | undefined {
    return this.#heap[0];
  }

  add(rank: number, value: Value): Ranked<Value> {
    const member = { rank, order: this.#added++, value, position: this.#heap.length };
    this.#heap.push(member);
    this.#rise(member);
    return member;
  }

  /** Removes a member; one that is not in the queue is ignored. */
  remove(member: Ranked<Value> | undefined): void {
    if (member === undefined || this.#heap[member.position] !== member) return;
    const { position } = member;
    const last = this.#heap.pop() as Ranked<Value>;
    if (last === member) return;
    this.#put(last, position);
    this.#rise(last);
    this.#sink(last);
  }

  #put(member: Ranked<Value>, position: number): void {
    this.#heap[position] = member;
    member.position = position;
  }

  #rise(member: Ranked<Value>): void {
    let at = member.position;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#heap[parent] as Ranked<Value>;
      if (!before(member, above)) break;
      this.#put(above, at);
      at = parent;
    }
    this.#put(member, at);
  }

  #sink(member: Ranked<Value>): void {
    let at = member.position;
    for (;;) {
      let child = 2 * at + 1;
      const left = this.#heap[child];
      if (left === undefined) break;
      const right = this.#heap[child + 1];
      if (right !== undefined && before(right, left)) child++;
      const smaller = this.#heap[child] as Ranked<Value>;
      if (!before(smaller, member)) break;
      this.#put(smaller, at);
      at = child;
    }
    this.#put(member, at);
  }
}

function before(a: Ranked<unknown>, b: Ranked<unknown>): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.order < b.order);
}
