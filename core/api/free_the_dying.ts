import { DONE, EBUSY, type Outcome } from "../base/outcome.ts";
import type { DeviceState } from "../state/device_state.ts";
import { dyingIn, reap } from "../place/destroy.ts";
import { TtmError } from "../base/errors.ts";
import { someOf } from "./failure.ts";
import { Operation } from "../state/operation.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { complete } from "../state/wait.ts";
import { waitForReturns } from "../place/return_to_exporter.ts";

const WHAT = "close device";

/** Throws EBUSY if buffers have references. */
export function mustHaveNoUsers({ buffers, liveBuffers }: DeviceState): void {
  if (liveBuffers === 0) return;
  const alive = [...buffers.all()].filter(({ disposed }) => !disposed);
  throw new TtmError("EBUSY", `Cannot ${WHAT}: still alive: ${someOf(alive)}`);
}

/** Waits until the buffers without references are freed; throws EBUSY if some remain, or others have been made. */
export async function freeTheDying(state: DeviceState, { noWait = false, signal }: WaitOptions): Promise<void> {
  const op = new Operation(state.tracer, noWait);
  const outcome = await complete(state.clock, op, signal, () => freeIdle(state, op));
  mustHaveNoUsers(state);
  if (outcome !== DONE) throw op.error(WHAT, `still busy: ${someOf(dyingIn(state))}`, outcome);
}

function freeIdle(state: DeviceState, op: Operation): Outcome {
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
