/** An event of a {@linkcode TimeQueue}. */
export interface TimedEvent {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
  /** Its index in the heap. */
  position: number;
}

/**
 * Events by time, and those of equal time in the order in which they were added: a binary heap whose events know their
 * index.
 */
export class TimeQueue {
  #heap: TimedEvent[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The event that comes next. */
  get first(): TimedEvent | undefined {
    return this.#heap[0];
  }

  add(at: number, fn: () => void): TimedEvent {
    const event = { at, order: this.#added++, fn, position: this.#heap.length };
    this.#heap.push(event);
    this.#rise(event);
    return event;
  }

  /** Removes an event; one that is not in the queue is ignored. */
  remove(event: TimedEvent | undefined): void {
    if (event === undefined || this.#heap[event.position] !== event) return;
    const { position } = event;
    const last = this.#heap.pop() as TimedEvent;
    if (last === event) return;
    this.#put(last, position);
    this.#rise(last);
    this.#sink(last);
  }

  #put(event: TimedEvent, position: number): void {
    this.#heap[position] = event;
    event.position = position;
  }

  #rise(event: TimedEvent): void {
    let at = event.position;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#heap[parent] as TimedEvent;
      if (!before(event, above)) break;
      this.#put(above, at);
      at = parent;
    }
    this.#put(event, at);
  }

  #sink(event: TimedEvent): void {
    let at = event.position;
    for (;;) {
      let child = 2 * at + 1;
      const left = this.#heap[child];
      if (left === undefined) break;
      const right = this.#heap[child + 1];
      if (right !== undefined && before(right, left)) child++;
      const smaller = this.#heap[child] as TimedEvent;
      if (!before(smaller, event)) break;
      this.#put(smaller, at);
      at = child;
    }
    this.#put(event, at);
  }
}

function before(a: TimedEvent, b: TimedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
