import { type BufferObject, type EvictionCursor, type EvictionPolicy, PRIORITIES } from "@ttm/core";

/** A circular list of the entries of a memory type and priority, with a hand that searches for an unmarked entry. */
class Circle {
  #entries: number[] = [];
  #marked = new Set<number>();
  /** Index of the entry that the hand points at. */
  #hand = 0;
  #newestBehindHand: boolean;

  constructor(newestBehindHand: boolean) {
    this.#newestBehindHand = newestBehindHand;
  }

  insert(entry: number): void {
    if (!this.#newestBehindHand) this.#entries.push(entry);
    else this.#entries.splice(this.#hand++, 0, entry);
  }

  mark(entry: number): void {
    this.#marked.add(entry);
  }

  remove(entry: number): void {
    const at = this.#entries.indexOf(entry);
    this.#entries.splice(at, 1);
    this.#marked.delete(entry);
    if (at < this.#hand) this.#hand--;
  }

  /** Advances the hand, clearing marks, to the next unmarked entry that is not in `passedOver`; -1 if there is none. */
  find(passedOver: ReadonlySet<number>): number {
    const most = 2 * this.#entries.length;
    for (let step = 0; step < most; step++) {
      if (this.#hand >= this.#entries.length) this.#hand = 0;
      const entry = this.#entries[this.#hand] as number;
      if (!this.#marked.delete(entry) && !passedOver.has(entry)) return entry;
      this.#hand++;
    }
    return -1;
  }

  /** The entries in the order in which the hand would find them, without moving it. */
  *order(): Generator<number> {
    const ahead = [...this.#entries.slice(this.#hand), ...this.#entries.slice(0, this.#hand)];
    yield* ahead.filter((entry) => !this.#marked.has(entry));
    yield* ahead.filter((entry) => this.#marked.has(entry));
  }
}

/** A policy with a circular list for each memory type and priority. */
function withHand(name: string, newestBehindHand: boolean): EvictionPolicy {
  const types = new Map<string, readonly Circle[]>();
  const homes = new Map<number, Circle>();

  function circlesOf(memoryType: string): readonly Circle[] {
    const known = types.get(memoryType);
    if (known !== undefined) return known;
    const made = Array.from({ length: PRIORITIES }, () => new Circle(newestBehindHand));
    types.set(memoryType, made);
    return made;
  }

  return {
    name,
    insert(entry: number, buffer: BufferObject, memoryType: string): void {
      const circle = circlesOf(memoryType)[buffer.priority] as Circle;
      circle.insert(entry);
      homes.set(entry, circle);
    },
    touch: (entry) => homes.get(entry)?.mark(entry),
    remove(entry) {
      homes.get(entry)?.remove(entry);
      homes.delete(entry);
    },
    candidates(memoryType: string): EvictionCursor {
      const left = [...circlesOf(memoryType)];
      const given = new Set<number>();
      return {
        next() {
          for (; left.length > 0; left.shift()) {
            const entry = left[0]?.find(given) ?? -1;
            if (entry < 0) continue;
            given.add(entry);
            return entry;
          }
          return -1;
        },
        close() {},
      };
    },
    *order(memoryType) {
      for (const circle of circlesOf(memoryType)) yield* circle.order();
    },
  };
}

/** SIEVE: new entries join at the end of the queue, independent of the hand. */
export const sieve = (): EvictionPolicy => withHand("sieve", false);

/** CLOCK: new entries join behind the hand, which reaches them last. */
export const clock = (): EvictionPolicy => withHand("clock", true);

/** Second chance: an entry that was used goes to the end of the queue instead of being evicted. */
export function secondChance(): EvictionPolicy {
  const types = new Map<string, readonly Set<number>[]>();
  const homes = new Map<number, Set<number>>();
  const used = new Set<number>();

  function queuesOf(memoryType: string): readonly Set<number>[] {
    const known = types.get(memoryType);
    if (known !== undefined) return known;
    const made = Array.from({ length: PRIORITIES }, () => new Set<number>());
    types.set(memoryType, made);
    return made;
  }

  // Iteration over a set includes elements that are appended during the loop.
  function* walk(queues: readonly Set<number>[]): Generator<number, undefined> {
    for (const queue of queues) {
      for (const entry of queue) {
        if (!used.delete(entry)) yield entry;
        else if (queue.delete(entry)) queue.add(entry);
      }
    }
  }

  return {
    name: "second-chance",
    insert(entry, buffer, memoryType) {
      const queue = queuesOf(memoryType)[buffer.priority] as Set<number>;
      queue.add(entry);
      homes.set(entry, queue);
    },
    touch: (entry) => void used.add(entry),
    remove(entry) {
      homes.get(entry)?.delete(entry);
      homes.delete(entry);
      used.delete(entry);
    },
    candidates(memoryType) {
      const entries = walk(queuesOf(memoryType));
      return { next: () => entries.next().value ?? -1, close: () => void entries.return(undefined) };
    },
    *order(memoryType) {
      for (const queue of queuesOf(memoryType)) {
        const entries = [...queue];
        yield* entries.filter((entry) => !used.has(entry));
        yield* entries.filter((entry) => used.has(entry));
      }
    },
  };
}
