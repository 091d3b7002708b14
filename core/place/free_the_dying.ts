import { DONE, EBUSY, type Outcome } from "../base/outcome.ts";
import type { DeviceState } from "../state/device_state.ts";
import { dyingIn, reap } from "./destroy.ts";
import type { Operation } from "../state/operation.ts";
import { waitForReturns } from "./return_to_exporter.ts";

/** Frees the buffers without references once their work has ended; EBUSY if some remain. */
export function freeTheDying(state: DeviceState, op: Operation): Outcome {
  // Freeing the last ghost object of a buffer can make that buffer dying: repeat until the count stays the same.
  for (let before = -1; state.dyingBuffers > 0 && state.dyingBuffers !== before;) {
    before = state.dyingBuffers;
    const returned = waitForReturns(state, op);
    if (returned !== DONE) return returned;
    for (const buffer of dyingIn(state)) {
      const ended = op.waitForAll(buffer.reservation.fences);
      if (ended !== DONE) return ended;
      if (buffer.row >= 0) reap(state, buffer);
    }
  }
  // A return that still has no room for its intermediate place cannot complete: nothing else will be freed.
  for (const stranded of state.returning) stranded.end();
  return state.dyingBuffers > 0 ? EBUSY : DONE;
}
