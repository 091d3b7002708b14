import type { BufferRecord } from "../state/buffer_record.ts";
import { DONE, EBUSY, type Outcome } from "../base/outcome.ts";
import type { DeviceState } from "../state/device_state.ts";
import { dyingIn, reap } from "./destroy.ts";
import type { Operation } from "../state/operation.ts";
import { waitForReturns } from "./return_to_exporter.ts";

/** Frees the buffers without references once their work has ended. */
export class FreeTheDying {
  #state: DeviceState;
  #op: Operation;
  /** Those that are still to be freed, the next one last. */
  #left: BufferRecord[] = [];

  constructor(state: DeviceState, op: Operation) {
    this.#state = state;
    this.#op = op;
  }

  /** One attempt, which goes on where the last one was blocked; EBUSY if some remain. */
  attempt(): Outcome {
    const state = this.#state;
    let outcome = this.#freeLeft();
    // Freeing the last ghost object of a buffer can make that buffer dying: repeat until the count stays the same.
    for (let before = -1; outcome === DONE && state.dyingBuffers > 0 && state.dyingBuffers !== before;) {
      before = state.dyingBuffers;
      outcome = waitForReturns(state, this.#op);
      if (outcome !== DONE) break;
      this.#left = dyingIn(state).reverse();
      outcome = this.#freeLeft();
    }
    if (outcome !== DONE) return outcome;
    // A return that still has no room for its intermediate place cannot complete: nothing else will be freed.
    state.returns.endAll();
    return state.dyingBuffers > 0 ? EBUSY : DONE;
  }

  #freeLeft(): Outcome {
    for (let buffer = this.#left.at(-1); buffer !== undefined; buffer = this.#left.at(-1)) {
      const ended = this.#op.waitForAll(buffer.reservation);
      if (ended !== DONE) return ended;
      if (buffer.row >= 0) reap(this.#state, buffer);
      this.#left.pop();
    }
    return DONE;
  }
}
