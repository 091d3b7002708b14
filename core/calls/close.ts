import { someOf } from "./call_errors.ts";
import type { DeviceState } from "../state/device_state.ts";
import { dyingIn } from "../place/destroy.ts";
import { TtmError } from "../base/errors.ts";
import { FreeTheDying } from "../place/free_the_dying.ts";
import { Operation } from "../state/operation.ts";
import { DONE } from "../base/outcome.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { complete } from "../state/wait.ts";

const WHAT = "close device";

/** Throws EBUSY if buffers have references. */
export function mustHaveNoUsers({ buffers, liveBuffers }: DeviceState): void {
  if (liveBuffers === 0) return;
  const alive = [...buffers.all()].filter(({ disposed }) => !disposed);
  throw new TtmError("EBUSY", `Cannot ${WHAT}: buffers are still alive: ${someOf(alive)}`);
}

/** Waits until the buffers without references are freed; throws EBUSY if some remain, or others have been made. */
export async function waitForTheDying(state: DeviceState, { noWait = false, signal }: WaitOptions): Promise<void> {
  const op = new Operation(state.tracer, noWait).start("close");
  const freeing = new FreeTheDying(state, op);
  const outcome = await complete(state.clock, op, signal, () => freeing.attempt());
  mustHaveNoUsers(state);
  if (outcome !== DONE) throw op.error(WHAT, `still busy: ${someOf(dyingIn(state))}`, outcome);
}
