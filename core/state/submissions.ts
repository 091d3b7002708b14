import type { BufferRecord } from "./buffer_record.ts";
import { Operation } from "./operation.ts";
import type { Reservation } from "../lock/reservation.ts";
import type { Tracer } from "../contract/tracer.ts";

interface Unfinished {
  readonly op: Operation;
  readonly reservation: Reservation;
  readonly turn: number;
}

/**
 * The operations of calls that make one attempt each. They share one object, so that none is allocated per call. The
 * operation of a blocked attempt is kept for later attempts on the same buffer until the buffer is unreserved, so that
 * they do not repeat what has failed.
 */
export class Submissions {
  #tracer: Tracer;
  #shared: Operation;
  #unfinished: Map<BufferRecord, Unfinished> = new Map();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
    this.#shared = new Operation(tracer, false);
  }

  /** A reset operation, for the call of that name on a buffer. */
  fresh(name: string, buffer: BufferRecord): Operation {
    this.#shared.reset();
    this.#shared.forBuffer = buffer;
    return this.#shared.start(name);
  }

  /** The operation for the next attempt to validate a reserved buffer. */
  next(buffer: BufferRecord): Operation {
    return this.#unfinished.size === 0 ? this.fresh("validate", buffer) : this.#resume(buffer);
  }

  #resume(buffer: BufferRecord): Operation {
    const unfinished = this.#unfinished.get(buffer);
    if (unfinished === undefined) return this.fresh("validate", buffer);
    this.#unfinished.delete(buffer);
    if (isOver(unfinished)) return this.fresh("validate", buffer);
    unfinished.op.begin();
    return unfinished.op;
  }

  /** Keeps the operation of a blocked attempt. */
  keep(buffer: BufferRecord, op: Operation): void {
    for (const [other, unfinished] of this.#unfinished) if (isOver(unfinished)) this.#unfinished.delete(other);
    const { reservation } = buffer;
    this.#unfinished.set(buffer, { op, reservation, turn: reservation.turn });
    if (op === this.#shared) this.#shared = new Operation(this.#tracer, false);
  }
}

function isOver({ reservation, turn }: Unfinished): boolean {
  return reservation.turn !== turn;
}
