import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "../state/memory_type.ts";
import type { KeptReason } from "../base/no_room_report.ts";
import type { Operation } from "../state/operation.ts";
import { BLOCKED, DONE, EDEADLK, type Outcome } from "../base/outcome.ts";
import type { PreparedPlace } from "../state/prepared_placement.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";

/**
 * Whether a buffer may be evicted now: DONE, or the reason why it is skipped; with a ticket, BLOCKED on a reservation
 * that should be waited for, or EDEADLK.
 */
export function availability(
  state: DeviceState,
  victim: BufferRecord,
  row: number,
  place: PreparedPlace,
  ticket: AcquireTicket | null,
  op: Operation,
): Outcome | KeptReason {
  const { buffers, resources } = state;
  if (buffers.pins(victim.row) > 0) return "pinned";
  const { reservation } = victim;
  const isReserved = reservation.locked && reservation !== op.siblings;
  if (isReserved && (ticket === null || reservation.holder === ticket)) return "reserved";
  if (isReserved && op.signal?.aborted === true) {
    op.blockedOn = reservation;
    return BLOCKED;
  }
  if (isReserved && reservation.mustGiveWay(ticket)) return EDEADLK;
  const { type, fpfn, lpfn } = place;
  if (!type.intersects(resources.handle(row), resources.start(row), resources.pages(row), fpfn, lpfn)) {
    return "outside the range";
  }
  if (!isReserved) return DONE;
  op.blockedOn = reservation;
  return BLOCKED;
}

/** Whether a first search for room may spare buffers, which a second one evicts unless the upload is an early one. */
export function sparesSome(state: DeviceState, { mayEvict }: Operation): boolean {
  return state.driver.evictionValuable !== undefined || mayEvict !== undefined || sparesExpected(state);
}

/** Whether a first search for room spares a buffer. A dying one only has to be freed. */
export function isSpared(state: DeviceState, victim: BufferRecord, { mayEvict }: Operation): boolean {
  if (victim.isDying) return false;
  if (state.driver.evictionValuable?.(victim) === false) return true;
  if (mayEvict) return !mayEvict(victim);
  return sparesExpected(state) && state.hints.next(victim) < Infinity;
}

/** A policy that is told of hints puts the buffers that are expected to be used last by itself. */
function sparesExpected({ hints, order }: DeviceState): boolean {
  return !hints.isEmpty && order.policy.hint === undefined;
}

/** The first buffer of a memory type in the order of eviction that is not pinned; null if there is none. */
export function firstVictim(state: DeviceState, type: MemoryType): BufferRecord | null {
  const walk = state.order.walk(type);
  try {
    for (let row = walk.next(); row >= 0; row = walk.next()) {
      const buffer = state.resources.buffer(row);
      if (buffer !== null && buffer.pins === 0) return buffer;
    }
    return null;
  } finally {
    walk.close();
  }
}
