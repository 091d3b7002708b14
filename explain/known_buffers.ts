import type { BufferView } from "@ttm/core";
import type { CreateEvent, RecordedPlace, RecordEvent } from "./record.ts";

/** What is known of a buffer. */
interface Facts {
  creation: CreateEvent;
  /** The buffer; null once it is destroyed. */
  view: BufferView | null;
}

/** The buffers that live or are named by an event. */
export class KnownBuffers {
  #facts: Map<number, Facts> = new Map();

  /** A buffer was created. */
  add(view: BufferView, creation: CreateEvent): void {
    this.#facts.set(view.id, { creation, view });
  }

  /** A buffer got its first owner. */
  own(buffer: number, client: string): void {
    const facts = this.#facts.get(buffer);
    if (facts !== undefined && facts.creation.client === "") facts.creation = { ...facts.creation, client };
  }

  /** A buffer is about to be destroyed. */
  destroy(buffer: number): void {
    const facts = this.#facts.get(buffer);
    if (facts !== undefined) facts.view = null;
  }

  /** No event names the buffer any more: the last one that did was that of its end. */
  forget(buffer: number): void {
    this.#facts.delete(buffer);
  }

  /** The number of a buffer of the device; -1 for null, and for a buffer of another device. */
  numberOf(view: BufferView | null): number {
    return view !== null && this.#facts.get(view.id)?.view === view ? view.id : -1;
  }

  /** The creations of all buffers, by their numbers. */
  creations(): Map<number, CreateEvent> {
    return new Map([...this.#facts].map(([buffer, { creation }]) => [buffer, creation]));
  }

  /**
   * The events that lead to the state before the first event that is kept: creations at their times, and the rest at the
   * time of that event. The state is that of now, or what the kept events say of before.
   */
  before(kept: Iterable<RecordEvent>): RecordEvent[] {
    const first = firsts(kept);
    const [creations, states]: [RecordEvent[], RecordEvent[]] = [[], []];
    for (const [buffer, { creation, view }] of this.#facts) {
      const known = first.buffers.get(buffer);
      if (known?.created || (known === undefined && view === null)) continue;
      const priority = known?.priority ?? view?.priority ?? creation.priority ?? 0;
      creations.push({ ...creation, priority });
      const { time } = first;
      const to = known?.from === undefined ? placeOf(view) : known.from;
      if (to !== null) {
        const move = { kind: "move", time, buffer, from: null, to, dropped: false, failure: null } as const;
        states.push({ ...move, end: time, operation: 0, eviction: null });
      }
      if (known?.pinned ?? (view?.pins ?? 0) > 0) states.push({ kind: "pin", time, buffer });
      if (known?.swapped ?? view?.swapped ?? false) states.push({ kind: "swap-out", time, buffer });
    }
    return [...creations, ...states];
  }
}

function placeOf(view: BufferView | null): RecordedPlace | null {
  const { memoryType, start } = view ?? { memoryType: null, start: null };
  return memoryType === null ? null : { memoryType, start: start ?? 0 };
}

/** What the events that are kept say of the state of a buffer before them. */
interface Before {
  created: boolean;
  from?: RecordedPlace | null;
  pinned?: boolean;
  priority?: number;
  swapped?: boolean;
}

/** The time of the first event, and what the first events of each buffer say of its state before. */
function firsts(events: Iterable<RecordEvent>): { readonly time: number; readonly buffers: Map<number, Before> } {
  let time: number | undefined;
  const buffers = new Map<number, Before>();
  for (const event of events) {
    time ??= event.time;
    if (event.kind === "operation" || event.kind === "failure" || event.kind === "wait") continue;
    let before = buffers.get(event.buffer);
    if (before === undefined) buffers.set(event.buffer, before = { created: false });
    if (event.kind === "create") before.created = true;
    if (event.kind === "move" && before.from === undefined) before.from = event.from;
    if (event.kind === "free" && before.from === undefined) before.from = event.place ?? null;
    if (event.kind === "pin" || event.kind === "unpin") before.pinned ??= event.kind === "unpin";
    if (event.kind === "priority") before.priority ??= event.from;
    if (event.kind === "swap-out" || event.kind === "swap-in") before.swapped ??= event.kind === "swap-in";
  }
  return { time: time ?? 0, buffers };
}
