import type { BufferRecord } from "./buffer_record.ts";
import { Operation } from "./operation.ts";
import type { Tracer } from "../contract/tracer.ts";

/** The operation of a blocked attempt, for the turn of the reservation in which it was made. */
interface Unfinished {
  readonly op: Operation;
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
    const unfinished = buffer.unfinished as Unfinished | null;
    if (unfinished === null) return this.fresh("validate", buffer);
    buffer.unfinished = null;
    if (unfinished.turn !== buffer.reservation.turn) return this.fresh("validate", buffer);
    unfinished.op.begin();
    return unfinished.op;
  }

  /** Keeps the operation of a blocked attempt. */
  keep(buffer: BufferRecord, op: Operation): void {
    const unfinished: Unfinished = { op, turn: buffer.reservation.turn };
    buffer.unfinished = unfinished;
    if (op === this.#shared) this.#shared = new Operation(this.#tracer, false);
  }
}
