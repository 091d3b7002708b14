import type { BufferRecord } from "./buffer_record.ts";
import { reapForRoom } from "./destroy.ts";
import type { DeviceState } from "./device_state.ts";
import { moveThroughHops } from "./move.ts";
import { neighboursInTheWay } from "./neighbours.ts";
import type { Operation } from "./operation.ts";
import { BLOCKED, DONE, EBUSY, EDEADLK, EINVAL, ENOSPC, type Outcome } from "./outcome.ts";
import type { MemoryType } from "./memory_type.ts";
import type { PreparedPlace } from "./placement.ts";
import { purge } from "./purge.ts";
import { type KeptReason, nobodyKept, whyStuck } from "./report.ts";
import { allocateResource, neverFits } from "./resource.ts";
import { memSpace } from "./space.ts";
import type { AcquireTicket } from "./ticket.ts";

/**
 * Evicts buffers of one memory type, in the order of its lists, until a buffer fits into the place
 * (`ttm_bo_evict_alloc`). What has been evicted stays evicted, whatever comes of it. A victim that cannot leave is
 * passed over. Only if the buffer is reserved under a ticket are buffers waited for that others have reserved.
 *
 * @returns The row of the new resource, ENOSPC if everything has been tried, {@linkcode BLOCKED}, or EDEADLK if the
 * ticket must give way to an older one.
 */
export function makeRoom(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  op: Operation,
): number | Outcome {
  // Evictions nest from type to type; one that comes back to a type goes round in a circle.
  const bit = 1 << place.type.index;
  if ((op.evicting & bit) !== 0 || neverFits(buffer, place)) return ENOSPC;
  op.evicting |= bit;
  try {
    let room = place.type.manager?.scan === undefined ? ENOSPC : evictNeighbours(state, buffer, place, op);
    if (room === ENOSPC) room = evictUntilRoom(state, buffer, place, null, op);
    const ticket = op.noWait ? null : buffer.reservation.holder;
    for (let evictions = -1; room === ENOSPC && ticket !== null && evictions !== op.evictions;) {
      evictions = op.evictions;
      room = evictUntilRoom(state, buffer, place, ticket, op);
    }
    return room;
  } finally {
    op.evicting &= ~bit;
  }
}

/** Evicts those whose pages together make the room, if the manager can name them; ENOSPC if that does not do. */
function evictNeighbours(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  op: Operation,
): number | Outcome {
  const mayLeave = (victim: BufferRecord, row: number) => availability(state, victim, row, place, null, op) === DONE;
  for (const victim of neighboursInTheWay(state, buffer, place, mayLeave, op)) {
    // Another eviction may have taken it along.
    if (victim.type !== place.type) continue;
    const outcome = giveUpPlace(state, victim, op);
    if (outcome === BLOCKED) return BLOCKED;
    if (outcome !== DONE) {
      op.passOver();
      return ENOSPC;
    }
    op.evictions++;
    const left = waitUntilLeft(op);
    if (left !== DONE) return left;
  }
  return allocateResource(state, buffer, place, true, op);
}

function evictUntilRoom(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  ticket: AcquireTicket | null,
  op: Operation,
): number | Outcome {
  // A victim that lands in this type again joins at the tail; each may be met once more, not for ever.
  let victimsLeft = place.type.residents;
  let kept: Record<KeptReason, number> | null = null;
  const walk = state.order.walk(place.type);
  try {
    for (let row = walk.next(); row >= 0; row = walk.next()) {
      const victim = state.resources.buffer(row);
      if (victim === null) continue;
      const available = availability(state, victim, row, place, ticket, op);
      if (typeof available === "string") {
        kept ??= nobodyKept();
        if (victim !== buffer) kept[available]++;
        continue;
      }
      if (available !== DONE) return available;
      if (victimsLeft-- === 0) break;
      const outcome = giveUpPlace(state, victim, op);
      if (outcome === BLOCKED) return BLOCKED;
      if (outcome !== DONE) {
        op.passOver();
        kept ??= nobodyKept();
        kept[whyStuck(victim)]++;
        continue;
      }
      op.evictions++;
      const left = waitUntilLeft(op);
      if (left !== DONE) return left;
      const room = allocateResource(state, buffer, place, true, op);
      if (room !== ENOSPC) return room;
    }
  } finally {
    walk.close();
  }
  if (kept !== null) op.noteKept(place, kept);
  return ENOSPC;
}

/**
 * Whether a buffer may be evicted now: DONE, or why it is passed over; with a ticket, BLOCKED on a reservation that is worth
 * waiting for, or EDEADLK.
 */
function availability(
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
  if (isReserved && reservation.mustGiveWay(ticket)) return EDEADLK;
  if (!place.type.intersects(resources.node(row), resources.pages(row), place.fpfn, place.lpfn)) {
    return "outside the range";
  }
  if (!isReserved) return DONE;
  op.blockedOn = reservation;
  return BLOCKED;
}

/** Makes a buffer leave its place: a dying one goes for good, a live one is evicted. */
export function giveUpPlace(state: DeviceState, victim: BufferRecord, op: Operation): Outcome {
  const { reservation } = victim;
  if (victim.isDying) {
    const idle = op.waitForAll(reservation.fences);
    if (idle === DONE && victim.row >= 0) reapForRoom(state, victim);
    return idle;
  }
  if (reservation.locked && reservation === op.siblings) return evict(state, victim, op);
  if (reservation.tryLock() !== DONE) return EBUSY;
  try {
    return evict(state, victim, op);
  } finally {
    reservation.unlock();
  }
}

/** After an eviction: whether its copy must still be waited for. */
export function waitUntilLeft(op: Operation): Outcome {
  const copy = op.ownCopy;
  op.ownCopy = null;
  return copy === null ? DONE : op.waitForOwn(copy);
}

/** Moves a buffer, which is locked, to where its driver wants evicted buffers (`ttm_bo_evict`). */
function evict(state: DeviceState, buffer: BufferRecord, op: Operation): Outcome {
  let placement;
  try {
    placement = state.prepareOnce(state.driver.evictPlacement(buffer));
  } catch (error) {
    return op.fail(error, EINVAL);
  }
  if (placement.isEmpty && buffer.imported === null) {
    const idle = op.waitForAll(buffer.reservation.fences);
    return idle === DONE ? purge(state, buffer, op, "evicted") : idle;
  }
  // What is imported is not the driver's to discard.
  const row = placement.isEmpty
    ? allocateResource(state, buffer, state.systemPlace, false, op)
    : memSpace(state, buffer, placement, op);
  if (row < 0) return row;
  const outcome = moveThroughHops(state, buffer, row, true, op);
  if (outcome === DONE) buffer.wasEvicted = true;
  return outcome;
}

/** Evicts until only pinned buffers are left in a memory type, and waits for the copies out of it. */
export function evictAll(state: DeviceState, type: MemoryType, op: Operation): Outcome {
  // An eviction may lead back into this type; then every buffer is met a second time and no more.
  let left = 2 * type.residents;
  for (let victim = firstVictim(state, type); victim !== null; victim = firstVictim(state, type)) {
    if (left-- === 0) return EBUSY;
    const outcome = giveUpPlace(state, victim, op);
    if (outcome !== DONE) return outcome;
    const gone = waitUntilLeft(op);
    if (gone !== DONE) return gone;
  }
  for (const copy of type.moveFences) {
    const outcome = op.waitFor(copy);
    if (outcome !== DONE) return outcome;
  }
  return DONE;
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
