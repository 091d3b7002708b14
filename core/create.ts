import { BufferObject } from "./buffer_object.ts";
import { structuresCharge } from "./destroy.ts";
import type { DeviceState } from "./device_state.ts";
import { TtmError } from "./errors.ts";
import type { CheckedBufferOptions } from "./options.ts";
import { DONE } from "./outcome.ts";

/** Makes a buffer without a place (`ttm_bo_init`), and accounts for its structures. */
export function createBuffer(state: DeviceState, options: CheckedBufferOptions): BufferObject {
  const buffer = new BufferObject(state, options);
  state.liveBuffers++;
  state.tracer.create?.(buffer);
  const charge = structuresCharge(state, buffer);
  const op = state.single;
  op.begin();
  op.forBuffer = buffer;
  op.shrinks = 0;
  if (state.accountant.charge(charge, op) !== DONE) {
    // It goes like any other, which takes the charge back.
    state.accountant.count(charge);
    buffer.unref();
    throw new TtmError("ENOMEM", `Cannot create buffer: no memory for its ${charge.bytes} bytes of structures`);
  }
  return buffer;
}
