import type { CreateEvent, RecordedPlace, RecordEvent } from "@ttm/explain";

/** A buffer and where its pages are. */
export interface HeldBuffer {
  /** How it was created. */
  readonly created: CreateEvent;
  /** Its place; null before the first move and after its place became free. */
  readonly place: RecordedPlace | null;
  /** Whether a store has its contents instead of its place. */
  readonly swapped: boolean;
}

/** The name under which the pages in stores are counted. */
export const STORES = "stores";

/**
 * Where the pages of each buffer are, after each event of a record. A buffer counts where its last move has brought it,
 * from the time of that move on. Buffers whose creation is not in the record have no known size, and are left out.
 */
export class Occupancy {
  readonly #buffers = new Map<number, HeldBuffer>();
  readonly #pages = new Map<string, number>();

  /** All live buffers, in the order of their creation. */
  buffers(): Iterable<HeldBuffer> {
    return this.#buffers.values();
  }

  /** How the buffer was created; undefined if it is gone or its creation is not in the record. */
  creation(buffer: number): CreateEvent | undefined {
    return this.#buffers.get(buffer)?.created;
  }

  /** Pages in a memory type, or in {@linkcode STORES}. */
  pages(memoryType: string): number {
    return this.#pages.get(memoryType) ?? 0;
  }

  /**
   * Goes on by one event.
   *
   * @returns The memory types whose pages have changed.
   */
  apply(event: RecordEvent): readonly string[] {
    if (event.kind === "create") {
      this.#buffers.set(event.buffer, { created: event, place: null, swapped: false });
      return [];
    }
    if (event.kind === "operation" || event.kind === "failure" || event.kind === "wait") return [];
    const before = this.#buffers.get(event.buffer);
    if (before === undefined) return [];
    const after = next(before, event);
    if (after === before) return [];
    if (event.kind === "destroy") this.#buffers.delete(event.buffer);
    else this.#buffers.set(event.buffer, after);
    const { pages } = before.created;
    return [...this.#count(before, -pages), ...this.#count(after, pages)];
  }

  #count(buffer: HeldBuffer, pages: number): string[] {
    const where = buffer.swapped ? STORES : buffer.place?.memoryType;
    if (where === undefined) return [];
    this.#pages.set(where, this.pages(where) + pages);
    return [where];
  }
}

function next(buffer: HeldBuffer, event: Exclude<RecordEvent, { kind: "create" | "operation" | "failure" | "wait" }>) {
  switch (event.kind) {
    case "move":
      return event.failure === null ? { ...buffer, place: event.to, swapped: event.dropped } : buffer;
    case "swap-out":
      return { ...buffer, swapped: true };
    case "swap-in":
      return { ...buffer, swapped: false };
    case "free":
    case "destroy":
      return { ...buffer, place: null, swapped: false };
    default:
      return buffer;
  }
}
