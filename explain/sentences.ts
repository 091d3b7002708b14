import type {
  CreateEvent,
  EvictionCause,
  FailureEvent,
  MoveEvent,
  OperationEvent,
  PassedOver,
  WaitEvent,
} from "./record.ts";

/** Tells events as sentences. */
export class Sentences {
  #creations: ReadonlyMap<number, CreateEvent>;

  /** Knows the buffers by their creations. */
  constructor(creations: ReadonlyMap<number, CreateEvent>) {
    this.#creations = creations;
  }

  /** What was evicted from where to where, for whom, and why this one. */
  eviction(event: MoveEvent, cause: EvictionCause, operation: OperationEvent | null): string {
    const { buffer, from, to, failure } = event;
    const verb = failure === null ? "was evicted" : "could not be evicted";
    const place = from === null ? "" : ` from ${from.memoryType} ${this.#pagesOf(from.start, buffer)}`;
    const code = failure === null ? "" : ` (${failure})`;
    const parts = [
      `${this.#nameOf(buffer)} ${verb}${place} to ${to.memoryType}${code} at ${timeOf(event)}: ${
        this.#need(event, cause, operation)
      }`,
      `position ${cause.position} in the order of eviction`,
      ...this.#others(cause),
    ];
    return parts.join("; ");
  }

  /** Which call failed, and its message. */
  failure(event: FailureEvent, operation: OperationEvent | null): string {
    return `${this.#callOf(event, operation)} failed at ${timeOf(event)} with ${event.code}: ${event.message}`;
  }

  /** Which call waited, for what and how long. */
  wait(event: WaitEvent, operation: OperationEvent | null): string {
    const { what, buffer, end, time } = event;
    const whose = buffer === null ? "" : ` of ${this.#nameOf(buffer)}`;
    const long = end === null ? "and still waits" : `for ${milliseconds(end - time)}`;
    return `${this.#callOf(event, operation)} waited from ${timeOf(event)} ${long}: ${WAITED_FOR[what]}${whose}`;
  }

  #need(event: MoveEvent, { forBuffer, pages, place }: EvictionCause, operation: OperationEvent | null): string {
    const call = this.#callOf(event, operation);
    if (forBuffer === null && place === null) return pages === 0 ? `${call} asked for it` : `${call} frees host memory`;
    const served = operation?.buffer ?? null;
    const whom = forBuffer === null || forBuffer === served ? "" : ` for ${this.#nameOf(forBuffer)}`;
    const where = place === null
      ? ""
      : ` in ${place.memoryType}${place.fpfn > 0 || place.lpfn > 0 ? rangeOf(place.fpfn, place.lpfn) : ""}`;
    return `${call} needed ${count(pages)}${where}${whom}`;
  }

  /** Those before it in the walk: taken as well, or passed over. */
  #others({ position, passedOver }: EvictionCause): string[] {
    if (passedOver.length === 0) {
      return position === 0 ? [] : [position === 1 ? ONE_BEFORE : `the ${position} before it were evicted as well`];
    }
    const named = passedOver.map(({ buffer, reason }: PassedOver) => `${this.#nameOf(buffer)} (${reason})`);
    const more = passedOver.length === MOST_NAMED && position > MOST_NAMED ? ", …" : "";
    return [`passed over: ${named.join(", ")}${more}`];
  }

  #callOf({ operation: number }: { readonly operation: number }, operation: OperationEvent | null): string {
    if (number === 0) return "background work";
    if (operation === null) return `operation ${number}, which began before the record,`;
    const { name, buffer, submission } = operation;
    const whom = buffer === null ? "" : ` of ${this.#nameOf(buffer)}`;
    return `${name}${whom} (operation ${number}${submission === null ? "" : `, submission ${submission}`})`;
  }

  #nameOf(buffer: number): string {
    const creation = this.#creations.get(buffer);
    return creation === undefined ? `buffer ${buffer}` : nameOf(creation);
  }

  #pagesOf(start: number, buffer: number): string {
    return `pages ${start}..${start + Math.max(1, this.#creations.get(buffer)?.pages ?? 1) - 1}`;
  }
}

const ONE_BEFORE = "the one before it was evicted as well";

const WAITED_FOR = { fence: "for the work", reservation: "for the reservation", room: "for room" };

/** The most that a cause names. */
const MOST_NAMED = 16;

function count(pages: number): string {
  return pages === 1 ? "1 page" : `${pages} pages`;
}

function rangeOf(fpfn: number, lpfn: number): string {
  return ` from page ${fpfn}${lpfn > 0 ? ` to before page ${lpfn}` : ""}`;
}

function timeOf({ time }: { readonly time: number }): string {
  return milliseconds(time);
}

/** A buffer as messages name it: its number, and its label if it has one. */
export function nameOf({ buffer, label }: CreateEvent): string {
  return label === "" ? `buffer ${buffer}` : `buffer ${buffer} ${JSON.stringify(label)}`;
}

/** A time, to the microsecond. */
export function milliseconds(time: number): string {
  return `${Math.round(time * 1000) / 1000} ms`;
}
