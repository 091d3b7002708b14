import { nodeOf } from "@ttm/core/lists";
import type { Entries, Queue } from "./entries.ts";

/** How far a walk has come in each queue: entries that it has given and that were not evicted are behind it. */
export class Reached {
  readonly #entries: Entries;
  #queues: Queue[] = [];
  /** For each of these queues the mark behind the last entry that was given. */
  #marks: number[] = [];

  /** A walk that has given nothing yet. */
  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** The first entry of a queue that the walk has not given, -1 if there is none. */
  front(queue: Queue): number {
    const at = this.#queues.length === 0 ? -1 : this.#queues.indexOf(queue);
    return at < 0 ? queue.front : queue.after(this.#marks[at] as number);
  }

  /** Notes that an entry is given. */
  pass(entry: number): void {
    const { links, queues, queueOf } = this.#entries;
    const queue = queues[queueOf[entry] as number] as Queue;
    let at = this.#queues.indexOf(queue);
    if (at < 0) {
      at = this.#queues.push(queue) - 1;
      this.#marks.push(links.takeMark());
    }
    links.moveBehind(this.#marks[at] as number, nodeOf(entry));
  }

  /** Ends the walk; another one may begin with it. */
  close(): void {
    for (const mark of this.#marks) this.#entries.links.giveMark(mark);
    this.#marks.length = this.#queues.length = 0;
  }
}
