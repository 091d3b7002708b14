import { checkArray, show } from "../base/arguments.ts";
import { BufferObject } from "./buffer_object.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";

const WHAT = "hint";

/** Checks the buffers that are expected to be used, and replaces what was expected. */
export function hint(state: DeviceState, buffers: readonly BufferObject[]): void {
  checkArray(WHAT, "the buffers", buffers);
  for (const [at, buffer] of buffers.entries()) {
    if (!(buffer instanceof BufferObject) || !buffer.belongsTo(state)) {
      throw new TtmError("EINVAL", `Cannot ${WHAT}: entry ${at} is ${show(buffer)}, not a buffer of this device`);
    }
    if (buffer.disposed) throw new TtmError("EINVAL", `Cannot ${WHAT} ${buffer}: its last reference is gone`);
  }
  state.hints.replace([...buffers]);
}
