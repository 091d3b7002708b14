import { checkBoolean, checkWaitOptions } from "../base/arguments.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { validateError } from "./call_errors.ts";
import { mustBeReserved } from "./reserve.ts";
import { type Blocker, Operation } from "../state/operation.ts";
import { VALIDATE_OPTIONS, type ValidateOptions } from "../contract/call_options.ts";
import * as outcomes from "../base/outcome.ts";
import type { Placement } from "../contract/placement.ts";
import { PreparedPlacement } from "../resource/prepared_placement.ts";
import { validate } from "../place/validate.ts";
import { waitAndRepeat } from "../state/wait.ts";

const { BLOCKED, DONE } = outcomes;

/** One attempt to validate a buffer: null, or what must end before another attempt can succeed. */
export function validateOnce(
  state: DeviceState,
  buffer: BufferRecord,
  placement: Placement | PreparedPlacement,
): Blocker | null {
  const prepared = prepare(state, buffer, placement);
  const { submissions } = state;
  const op = submissions.next(buffer);
  const outcome = validate(state, buffer, prepared, op);
  if (outcome === DONE) return null;
  if (outcome !== BLOCKED) throw validateError(state, buffer, prepared, op, outcome);
  submissions.keep(buffer, op);
  return op.blockedOn;
}

/** Attempts to validate a buffer until one is not blocked. */
export async function validateAndWait(
  state: DeviceState,
  buffer: BufferRecord,
  placement: Placement | PreparedPlacement,
  options: ValidateOptions,
): Promise<void> {
  const prepared = prepare(state, buffer, placement);
  checkWaitOptions("validate", options, buffer, VALIDATE_OPTIONS);
  if (options.evictSiblings !== undefined) checkBoolean(`validate ${buffer}`, "evictSiblings", options.evictSiblings);
  const op = new Operation(state.tracer, options.noWait === true, buffer).start("validate");
  if (options.evictSiblings === true) op.siblings = buffer.reservation;
  op.signal = options.signal;
  options.signal?.throwIfAborted();
  // The first attempt is inline: allocating the closure for repeats would cost more than the attempt.
  let outcome = validate(state, buffer, prepared, op);
  if (outcome === BLOCKED) {
    const attempt = () => {
      mustBeReserved(buffer, "validate");
      return validate(state, buffer, prepared, op);
    };
    outcome = await waitAndRepeat(state.clock, op, options.signal, attempt, buffer.reservation.holder);
  }
  if (outcome !== DONE) throw validateError(state, buffer, prepared, op, outcome);
}

function prepare(
  state: DeviceState,
  buffer: BufferRecord,
  placement: Placement | PreparedPlacement,
): PreparedPlacement {
  mustBeReserved(buffer, "validate");
  if (!(placement instanceof PreparedPlacement)) return new PreparedPlacement(state.typesByName, placement);
  if (placement.types === state.typesByName) return placement;
  throw new TtmError("EINVAL", `Cannot validate ${buffer}: the placement was prepared by another device`);
}
