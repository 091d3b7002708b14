import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { Operation } from "../state/operation.ts";
import { DONE } from "../base/outcome.ts";
import type { Part } from "./job.ts";
import type { PreparedPlacement } from "../resource/prepared_placement.ts";
import { shieldFor } from "../place/victims.ts";
import { validate } from "../place/validate.ts";

/** Whether a victim may be evicted for an early upload. */
type MayEvict = (victim: BufferRecord) => boolean;

/**
 * Begins uploads for the submissions to come, as far as that needs no wait: those that take no more pages than the last
 * submission, even if others have to leave, if hints are hardly ever wrong; and all for which there is free room. Nothing
 * while hints are not followed.
 */
export function uploadEarly(state: DeviceState, last: readonly Part[]): void {
  const { hints, order } = state;
  if (!hints.areFollowed) return;
  let [left, isFirst] = [last.reduce((sum, { buffer }) => sum + buffer.pages, 0), true];
  for (const [turn, buffer] of hints.areReliable ? hints.from(0) : []) {
    if (hints.next(buffer) < turn) continue;
    left -= buffer.pages;
    if (left < 0 && !isFirst) break;
    isFirst = false;
    upload(state, buffer, (victim) => {
      const next = hints.next(victim);
      // Only a policy that is told of hints finds the one with the last turn.
      const isLater = order.policy.hint === undefined ? next === Infinity : next > turn;
      return isLater && (state.orderedMoves || !victim.busy);
    });
  }
  for (const [turn, buffer] of hints.from(hints.uploadedTo)) {
    hints.uploadedTo = turn;
    if (!upload(state, buffer, null)) return;
    hints.uploadedTo++;
  }
}

/** One attempt to bring a buffer to where the next submission needs it; false if there is no room. */
function upload(state: DeviceState, buffer: BufferRecord, mayEvict: MayEvict | null): boolean {
  const { reservation } = buffer;
  if (buffer.disposed || buffer.pins > 0 || buffer.cpuWriters > 0) return true;
  const placement = placementOf(state, buffer);
  if (placement === null || placement.isEmpty || buffer.settledFor === placement) return true;
  if (mayEvict !== null && !isRoomInSight(state, buffer, placement, mayEvict)) return false;
  if (reservation.tryLock() !== DONE) return true;
  // Nothing is waited for, so that there is nothing to trace of it.
  const op = new Operation({}, false, buffer);
  op.mayEvict = mayEvict;
  try {
    return validate(state, buffer, placement, op) === DONE;
  } finally {
    reservation.release();
  }
}

/** Where the last submission of a buffer needed it, else where the driver wants it; null if that is not known. */
function placementOf(state: DeviceState, buffer: BufferRecord): PreparedPlacement | null {
  if (buffer.submittedTo !== null) return buffer.submittedTo;
  const { driver } = state;
  if (driver.defaultPlacement === undefined) return null;
  try {
    return state.prepareOnce(driver.defaultPlacement(buffer, "read"));
  } catch {
    // The submission itself will say so.
    return null;
  }
}

/** Whether free pages and those who may leave together are enough, so that nobody is evicted in vain. */
function isRoomInSight(
  state: DeviceState,
  buffer: BufferRecord,
  { busyPlaces }: PreparedPlacement,
  mayEvict: MayEvict,
): boolean {
  const { order, resources } = state;
  const { pages } = buffer;
  return busyPlaces.some(({ type }) => {
    const shield = shieldFor(state, buffer, type);
    let room = type.pages - type.usedPages;
    if (type.isSystem || room >= pages) return true;
    for (const row of order.candidates(type)) {
      const victim = resources.buffer(row);
      if (victim === null || !mayEvict(victim) || (shield !== null && shield.whyKept(victim) !== null)) continue;
      room += resources.pages(row);
      if (room >= pages) return true;
    }
    return false;
  });
}
