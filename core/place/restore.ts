import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { moveToSystem } from "./make_room.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, type Outcome } from "../base/outcome.ts";
import { purge } from "./purge.ts";

/**
 * Takes a buffer whose contents are lost, but which a store has, back to how it was created: in SYSTEM, to be read when
 * it is needed. All other buffers stay as they are, and so do pinned ones, which must not leave their place.
 */
export function restoreFromStore(state: DeviceState, buffer: BufferRecord, op: Operation): Outcome {
  if (buffer.lost === undefined || !buffer.clean || buffer.pins > 0) return DONE;
  const outcome = purge(state, buffer, op);
  return outcome === DONE ? moveToSystem(state, buffer, op, false) : outcome;
}
