import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { KeptReason } from "../base/no_room_report.ts";
import type { PassedOverReason } from "../contract/traced_eviction.ts";
import { Shield } from "../groups/shield.ts";
import type { VictimSearch } from "../state/victim_search.ts";
import type { Operation } from "../state/operation.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import type { PreparedPlace } from "../resource/prepared_placement.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";
import { PAGE_SIZE } from "../base/units.ts";

const { DONE, EDEADLK } = outcomes;

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
): Outcome | Extract<KeptReason, PassedOverReason> {
  const kept = op.shield === null ? null : op.shield.whyKept(victim);
  if (kept !== null) return kept;
  if (victim.pins > 0) return "pinned";
  const { reservation } = victim;
  const isReserved = reservation.locked && reservation !== op.siblings;
  if (isReserved) {
    if (ticket === null || reservation.holder === ticket) return "reserved";
    if (op.signal?.aborted === true) return op.waitForReservation(victim);
    if (reservation.mustGiveWay(ticket)) return EDEADLK;
  }
  const { resources } = state;
  const { type, fpfn, lpfn } = place;
  if (!type.intersects(resources.handle(row), resources.start(row), victim.pages, fpfn, lpfn)) {
    return "outside the range";
  }
  return isReserved ? op.waitForReservation(victim) : DONE;
}

/** Whom a search for room leaves alone for the sake of groups; null if the device has none. */
export function shieldFor(
  { groups }: DeviceState,
  buffer: BufferRecord,
  type: MemoryType,
  force = true,
): Shield | null {
  return groups.size === 0 ? null : new Shield(buffer.group, type.index, buffer.pages * PAGE_SIZE, force);
}

/**
 * Begins to take notes of a search for victims: `pages` are needed for a buffer, in a place or, without one, of host
 * memory. null if no tracer wants to know.
 */
export function beginSearch(
  { tracer }: DeviceState,
  op: Operation,
  forBuffer: BufferRecord | null,
  pages: number,
  place: PreparedPlace | null = null,
): VictimSearch | null {
  return tracer.move === undefined ? null : op.nextSearch.begin(forBuffer, pages, place?.place ?? null);
}

/** Whether a first search for room may spare buffers, which a second one evicts unless the upload is an early one. */
export function sparesSome(state: DeviceState, type: MemoryType, { mayEvict }: Operation): boolean {
  if (state.driver.evictionValuable !== undefined || mayEvict !== undefined) return true;
  return sparesExpected(state) && type.expected > 0 && type.expected < type.residents - type.pinned;
}

/** Why a first search for room spares a buffer; null if it does not. A dying one only has to be freed. */
export function whySpared(state: DeviceState, victim: BufferRecord, { mayEvict }: Operation): PassedOverReason | null {
  if (victim.isDying) return null;
  if (state.driver.evictionValuable?.(victim) === false) return "not valuable";
  if (mayEvict) return mayEvict(victim) ? null : "protected";
  return sparesExpected(state) && state.hints.next(victim) < Infinity ? "hinted" : null;
}

/** Whether a first search for room spares a buffer; the search notes why. */
export function isSpared(state: DeviceState, victim: BufferRecord, op: Operation): boolean {
  const why = whySpared(state, victim, op);
  if (why !== null) op.search?.passOver(victim, why);
  return why !== null;
}

/** A policy that is told of hints puts the buffers that are expected to be used last by itself. */
function sparesExpected({ hints, order }: DeviceState): boolean {
  return !hints.isEmpty && order.policy.hint === undefined && hints.areFollowed;
}

/** How many candidates of the order that is not in force are looked at. */
const COMPARED = 8;

/**
 * A buffer is about to leave to make room for another one: takes note of who would if hints were followed, or were not,
 * so that it can be known later which of both orders is better.
 */
export function compareOrders(
  state: DeviceState,
  victim: BufferRecord,
  newcomer: BufferRecord,
  place: PreparedPlace,
  op: Operation,
): void {
  const { hints } = state;
  // Nor is anybody compared for an early upload, which only some may leave for.
  if (victim.isDying || op.mayEvict !== undefined) return;
  const { areFollowed } = hints;
  // Whoever comes first and is not expected comes first by hints, too.
  if (!areFollowed && hints.next(victim) === Infinity) return;
  const other = firstOf(state, newcomer, place, !areFollowed, op);
  if (other === null || other === victim) return;
  hints.compare(areFollowed ? victim : other, areFollowed ? other : victim, place.type.pages);
}

/** The first who could leave in the order by hints, or in the one without; null if none of the first ones could. */
function firstOf(
  state: DeviceState,
  newcomer: BufferRecord,
  place: PreparedPlace,
  byHints: boolean,
  op: Operation,
): BufferRecord | null {
  const { hints, order, resources } = state;
  const { shield } = op;
  // What this one keeps does not count: nothing is searched for.
  op.shield = shieldFor(state, newcomer, place.type);
  const walk = order.walk(place.type, newcomer, byHints);
  try {
    for (let left = COMPARED; left > 0; left--) {
      const row = walk.next();
      if (row < 0) break;
      const buffer = resources.buffer(row);
      if (buffer === null || buffer.isDying || availability(state, buffer, row, place, null, op) !== DONE) continue;
      if (!byHints || order.policy.hint !== undefined || hints.next(buffer) === Infinity) return buffer;
    }
    return null;
  } finally {
    walk.close();
    op.shield = shield;
  }
}

/** The first buffer of a memory type in the order of eviction that is not pinned; null if there is none. */
export function firstVictim(
  state: DeviceState,
  type: MemoryType,
  search: VictimSearch | null = null,
): BufferRecord | null {
  const walk = state.order.walk(type);
  try {
    for (let row = walk.next(); row >= 0; row = walk.next()) {
      const buffer = state.resources.buffer(row);
      if (buffer === null) continue;
      search?.visit(buffer);
      if (buffer.pins === 0) return buffer;
      search?.passOver(buffer, "pinned");
    }
    return null;
  } finally {
    walk.close();
  }
}
