import type { BufferRecord } from "./buffer_record.ts";
import type { Place } from "../contract/placement.ts";
import type { EvictionCause, PassedOver, PassedOverReason } from "../contract/traced_eviction.ts";
import type { TracedOperation } from "../contract/tracer.ts";

/** How many candidates are named that a search has passed over. */
const NAMED = 16;

interface Scanned {
  readonly buffer: BufferRecord;
  readonly reason: PassedOverReason;
  readonly position: number;
}

/**
 * A walk over candidates for eviction, as far as a tracer is told of it: whom it is for, and whom it passes over. It is
 * the cause of the eviction of the candidate that it visited last. An operation uses the same objects for all its walks.
 */
export class VictimSearch implements EvictionCause {
  forBuffer: BufferRecord | null = null;
  pages = 0;
  place: Place | null = null;
  position = -1;
  readonly passedOver: PassedOver[] = [];
  /** The candidate that was visited last. */
  candidate: BufferRecord | null = null;
  /** Those that a manager's scan was shown, in their order. */
  #scanned: Map<BufferRecord, Scanned> = new Map();
  /** The first of those that it has not chosen. */
  #notChosen: Scanned[] = [];
  #operation: TracedOperation;
  #inner: VictimSearch | null = null;

  constructor(operation: TracedOperation) {
    this.#operation = operation;
  }

  /** The notes of a walk that makes room for a victim of this one. */
  get inner(): VictimSearch {
    return this.#inner ??= new VictimSearch(this.#operation);
  }

  /** Begins it: an operation needs `pages` for a buffer, in a place or, without one, of host memory. */
  begin(forBuffer: BufferRecord | null, pages: number, place: Place | null): this {
    this.forBuffer = forBuffer;
    this.pages = pages;
    this.place = place;
    if (this.#scanned.size > 0) this.#scanned = new Map();
    this.#restart();
    return this;
  }

  #restart(): void {
    this.position = -1;
    this.candidate = null;
    if (this.passedOver.length > 0) this.passedOver.length = 0;
  }

  /** The walk has come to the next candidate. */
  visit(buffer: BufferRecord): void {
    this.position++;
    this.candidate = buffer;
  }

  /** A scan was shown a candidate, or it was kept from the scan. */
  scan(buffer: BufferRecord, kept: PassedOverReason | null): void {
    this.#scanned.set(buffer, { buffer, reason: kept ?? "not adjacent", position: this.#scanned.size });
  }

  /** The scan chose these. */
  choose(victims: readonly BufferRecord[]): void {
    const chosen = new Set(victims);
    this.#notChosen = [];
    for (const [buffer, scanned] of this.#scanned) {
      if (this.#notChosen.length === NAMED) break;
      if (!chosen.has(buffer)) this.#notChosen.push(scanned);
    }
  }

  /** One of the chosen is evicted. */
  goTo(victim: BufferRecord): void {
    this.#restart();
    this.candidate = victim;
    this.position = this.#scanned.get(victim)?.position ?? -1;
    for (const { buffer, reason, position } of this.#notChosen) {
      if (position < this.position) this.passOver(buffer, reason);
    }
  }

  /** A candidate is not taken. */
  passOver(buffer: BufferRecord, reason: PassedOverReason): void {
    if (this.passedOver.length === NAMED) return;
    this.passedOver.push({
      buffer,
      reason: reason === "reserved" && this.#isNeededToo(buffer) ? "same submission" : reason,
    });
  }

  /** Whether the caller that needs the room has the buffer reserved, too. */
  #isNeededToo({ reservation }: BufferRecord): boolean {
    const { ticket } = this.#operation;
    return reservation === this.forBuffer?.reservation || (ticket !== null && ticket === reservation.holder);
  }
}
