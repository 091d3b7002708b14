import type { BufferRecord } from "./buffer_record.ts";
import type { Place } from "../contract/placement.ts";
import type { EvictionCause, PassedOver, PassedOverReason } from "../contract/traced_eviction.ts";
import type { TracedOperation } from "../contract/tracer.ts";

/** How many candidates are named that a search has passed over. */
const NAMED = 16;
const NOBODY: readonly PassedOver[] = [];

/** A candidate, and why it is not taken if it is not. */
export interface Visited {
  readonly buffer: BufferRecord;
  readonly reason: PassedOverReason;
}

/** A walk over candidates for eviction, as far as a tracer is told of it: whom it is for, and whom it passes over. */
export class VictimSearch {
  #operation: TracedOperation;
  #forBuffer: BufferRecord | null;
  #pages: number;
  #place: Place | null;
  #visited = 0;
  /** The candidate that was visited last. */
  candidate: BufferRecord | null = null;
  #passedOver: PassedOver[] | null = null;

  /** Begins it: an operation needs `pages` for a buffer, in a place or, without one, of host memory. */
  constructor(operation: TracedOperation, forBuffer: BufferRecord | null, pages: number, place: Place | null) {
    this.#operation = operation;
    this.#forBuffer = forBuffer;
    this.#pages = pages;
    this.#place = place;
  }

  /** The walk has come to the next candidate. */
  visit(buffer: BufferRecord): void {
    this.#visited++;
    this.candidate = buffer;
  }

  /** The walk chose several of those that it visited; this is one of them. */
  goTo(victim: BufferRecord, visited: readonly Visited[], victims: readonly BufferRecord[]): void {
    for (const { buffer, reason } of visited) {
      this.visit(buffer);
      if (buffer === victim) return;
      if (!victims.includes(buffer)) this.passOver(buffer, reason);
    }
  }

  /** A candidate is not taken. */
  passOver(buffer: BufferRecord, reason: PassedOverReason): void {
    const passedOver = this.#passedOver ??= [];
    if (passedOver.length === NAMED) return;
    passedOver.push({
      buffer,
      reason: reason === "reserved" && this.#isNeededToo(buffer) ? "same submission" : reason,
    });
  }

  /** Whether the caller that needs the room has the buffer reserved, too. */
  #isNeededToo({ reservation }: BufferRecord): boolean {
    const { ticket } = this.#operation;
    return reservation === this.#forBuffer?.reservation || (ticket !== null && ticket === reservation.holder);
  }

  /** Why the candidate that was visited last is evicted. */
  get cause(): EvictionCause {
    return {
      forBuffer: this.#forBuffer,
      pages: this.#pages,
      place: this.#place,
      position: this.#visited - 1,
      passedOver: this.#passedOver?.slice() ?? NOBODY,
    };
  }
}
