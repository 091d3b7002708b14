import { milliseconds, nameOf } from "./sentences.ts";
import type { CreateEvent, RecordedPlace, RecordEvent } from "./record.ts";

/** A buffer that has a place in a memory type. */
export interface Holder {
  /** The number of the buffer. */
  readonly buffer: number;
  /** Its label, or `""`. */
  readonly label: string;
  /** Its purpose, or `""`. */
  readonly tag: string;
  /** Its owner, or `""`. */
  readonly client: string;
  /** The first page of its place. */
  readonly start: number;
  /** Its size in pages. */
  readonly pages: number;
  /** Since when it is there, in milliseconds. */
  readonly since: number;
  /** The same as a line. */
  readonly text: string;
}

interface Held {
  readonly place: RecordedPlace;
  readonly since: number;
}

/** The buffers in a memory type after all events up to a time, by their first page. */
export function holdersAt(events: Iterable<RecordEvent>, memoryType: string, time: number): Holder[] {
  const creations = new Map<number, CreateEvent>();
  const held = new Map<number, Held>();
  for (const event of events) {
    if (event.time > time) break;
    if (event.kind === "create") creations.set(event.buffer, event);
    else if (event.kind === "move" && event.failure === null) {
      held.set(event.buffer, { place: event.to, since: event.time });
    } else if (event.kind === "free" || event.kind === "destroy") held.delete(event.buffer);
  }
  const holders = [...held].flatMap(([buffer, { place, since }]) => {
    const creation = creations.get(buffer);
    if (creation === undefined || place.memoryType !== memoryType) return [];
    const { label, tag, client, pages } = creation;
    const { start } = place;
    const text = `pages ${start}..${start + pages - 1}: ${nameOf(creation)}, since ${milliseconds(since)}`;
    return [{ buffer, label, tag, client, start, pages, since, text }];
  });
  return holders.sort((a, b) => a.start - b.start || a.buffer - b.buffer);
}
