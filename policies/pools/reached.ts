import type { Entries, Queue } from "./entries.ts";

/** How far a walk has come in each queue: entries that it has given and that were not evicted are behind it. */
export class Reached {
  readonly #entries: Entries;
  #queues: Queue[] = [];
  /** For each of these queues the mark behind the last entry that was given, without the very last. */
  #marks: number[] = [];
  /** The very last one, -1 if there is none. Most are evicted at once, and then need no mark. */
  #given = -1;
  #givenFrom = -1;

  /** A walk that has given nothing yet. */
  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** The first entry of a queue that the walk has not given, -1 if there is none. */
  front(queue: Queue): number {
    const at = this.#queues.length === 0 ? -1 : this.#queues.indexOf(queue);
    return at < 0 ? queue.front : queue.after(this.#marks[at] as number);
  }

  /** Notes that an entry is given, the first of its queue that was not. */
  pass(entry: number): void {
    this.#given = entry;
    this.#givenFrom = this.#entries.queueOf[entry] as number;
  }

  /** To be called before the next entry is looked for: marks the last one if it has stayed where it was. */
  settle(): void {
    if (this.#given < 0) return;
    const queue = this.#entries.queues[this.#givenFrom] as Queue;
    if (this.front(queue) === this.#given) this.#mark(queue);
    this.#given = -1;
  }

  #mark(queue: Queue): void {
    const { links } = this.#entries;
    let at = this.#queues.indexOf(queue);
    if (at < 0) {
      at = this.#queues.push(queue) - 1;
      this.#marks.push(links.takeMark());
    }
    links.moveBehind(this.#marks[at] as number, this.#given);
  }

  /** Ends the walk; another one may begin with it. */
  close(): void {
    this.#given = -1;
    if (this.#marks.length === 0) return;
    for (const mark of this.#marks) this.#entries.links.giveMark(mark);
    this.#marks.length = this.#queues.length = 0;
  }
}
