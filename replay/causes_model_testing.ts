import type { EvictionCause, MoveEvent, RecordEvent } from "@ttm/explain";
import type { Workload } from "@ttm/import";

/** A search for victims, as far as the model has followed it: the order at its beginning, and who was taken. */
interface Walk {
  readonly key: string;
  readonly order: readonly number[];
  readonly taken: Set<number>;
  last: number;
}

/**
 * A plain model of LRU: one list of buffers for each memory type, in which a buffer that comes or is used goes to the
 * end. It knows the jobs of the workload, and the device only by its record, and says of each eviction whether the
 * reason that is recorded is the right one.
 */
export class CausesModel {
  /** What was wrong, in words. */
  readonly faults: string[] = [];
  /** Number of evictions that were compared. */
  compared = 0;
  #pages: number[];
  #jobs: ReadonlySet<number>[];
  #orders = new Map<string, number[]>();
  #places = new Map<number, string>();
  /** The submission of each operation. */
  #submissions = new Map<number, number>();
  /** Who needs room in the next memory type to leave its own, and must be the next to come there. */
  #leaving: number | null = null;
  /** The last search in each memory type. */
  #walks = new Map<string, Walk>();

  /** Knows the sizes of the buffers and who uses them, from the workload alone. */
  constructor({ events }: Workload) {
    const allocs = events.flatMap((event) => event.op === "alloc" ? [event] : []);
    const numbers = new Map(allocs.map(({ id }, number) => [id, number]));
    this.#pages = allocs.map(({ bytes }) => Math.ceil(bytes / 4096));
    this.#jobs = events.flatMap((event) => {
      return event.op === "job" ? [new Set(event.uses.map(({ id }) => numbers.get(id) ?? -1))] : [];
    });
  }

  /** Takes the next event. */
  add(event: RecordEvent): void {
    switch (event.kind) {
      case "operation":
        this.#submissions.set(event.operation, event.submission ?? 0);
        break;
      case "use":
        this.#putLast(event.buffer, this.#places.get(event.buffer));
        break;
      case "free":
        this.#putLast(event.buffer, undefined);
        break;
      case "move":
        if (event.failure !== null) break;
        if (event.eviction !== null) this.#compare(event, event.eviction);
        this.#arrive(event);
        this.#putLast(event.buffer, event.to.memoryType);
        break;
    }
  }

  /** Nothing else of the operation comes between the evictions for a buffer and the move of that buffer. */
  #arrive(event: MoveEvent): void {
    if (this.#leaving === null || event.from?.memoryType === event.to.memoryType) return;
    if (event.to.memoryType === "system") return;
    if (event.buffer !== this.#leaving) {
      this.faults.push(`buffer ${this.#leaving} needed the room: ${JSON.stringify(event)}`);
    }
    this.#leaving = null;
  }

  #orderOf(memoryType: string): number[] {
    let order = this.#orders.get(memoryType);
    if (order === undefined) this.#orders.set(memoryType, order = []);
    return order;
  }

  #putLast(buffer: number, memoryType: string | undefined): void {
    const before = this.#places.get(buffer);
    if (before !== undefined) {
      const order = this.#orderOf(before);
      order.splice(order.indexOf(buffer), 1);
    }
    this.#places.delete(buffer);
    if (memoryType === undefined) return;
    this.#orderOf(memoryType).push(buffer);
    this.#places.set(buffer, memoryType);
  }

  #compare(event: MoveEvent, cause: EvictionCause): void {
    this.compared++;
    const { buffer, from, operation } = event;
    const job = this.#jobs[(this.#submissions.get(operation) ?? 0) - 1];
    const wrong = (why: string) => this.faults.push(`${why}: ${JSON.stringify(event)}`);
    if (from === null || this.#places.get(buffer) !== from.memoryType) return void wrong("it was elsewhere");
    if (job === undefined) return void wrong("no job caused it");
    const { forBuffer, pages, place } = cause;
    if (forBuffer === null || pages !== this.#pages[forBuffer]) return void wrong("it needs other pages");
    if (place === null) {
      // The buffers of a job that finds no room leave, so that what is free comes together.
      if (!job.has(buffer) || !job.has(forBuffer)) wrong("another job's buffer left");
      return;
    }
    if (place.memoryType !== from.memoryType) wrong("its place is of no use");
    if (this.#places.get(forBuffer) === place.memoryType) wrong("who needs it is there already");
    if (!job.has(forBuffer)) this.#leaving = forBuffer;
    if (job.has(buffer)) wrong("the job needs it");
    const expected = this.#isNext(event, cause, this.#walks.get(from.memoryType)) ||
      this.#isNext(event, cause, this.#begin(event, cause));
    if (!expected) wrong(`it is not the next one of ${this.#orderOf(from.memoryType).slice(0, 5)}`);
    if (cause.passedOver.some(({ buffer, reason }) => reason !== "same submission" || !job.has(buffer))) {
      wrong("another one could have left");
    }
  }

  #begin({ operation, from }: MoveEvent, { forBuffer }: EvictionCause): Walk {
    const memoryType = from?.memoryType ?? "";
    const key = `${operation} ${forBuffer} ${memoryType}`;
    const walk = { key, order: [...this.#orderOf(memoryType)], taken: new Set<number>(), last: -1 };
    this.#walks.set(memoryType, walk);
    return walk;
  }

  /** Whether the victim comes next in a search, and the others before it were taken, or passed over as the cause says. */
  #isNext({ buffer, operation, from }: MoveEvent, cause: EvictionCause, walk: Walk | undefined): boolean {
    if (walk?.key !== `${operation} ${cause.forBuffer} ${from?.memoryType}`) return false;
    if (cause.position <= walk.last || walk.order[cause.position] !== buffer) return false;
    const left = walk.order.slice(0, cause.position).filter((other) => !walk.taken.has(other)).slice(0, 16);
    if (left.join() !== cause.passedOver.map(({ buffer }) => buffer).join()) return false;
    walk.taken.add(buffer);
    walk.last = cause.position;
    return true;
  }
}
