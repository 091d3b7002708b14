import type { BufferRecord } from "../state/buffer_record.ts";
import { reapForRoom } from "./destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "../state/memory_type.ts";
import { handleMove } from "./move.ts";
import { neighboursInTheWay } from "./neighbours.ts";
import { type KeptReason, nobodyKept } from "../base/no_room_report.ts";
import type { Operation } from "../state/operation.ts";
import { BLOCKED, DONE, EBUSY, EDEADLK, EINVAL, EMULTIHOP, ENOSPC, LATER, type Outcome } from "../base/outcome.ts";
import type { PreparedPlace, PreparedPlacement } from "../state/prepared_placement.ts";
import { purge } from "./purge.ts";
import { whyStuck } from "./no_room.ts";
import { allocateResource, freeResource, inheritMoveFences, neverFits } from "./allocation.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";
import { availability, firstVictim, isSpared, sparesSome } from "./victims.ts";

/**
 * Takes room for a buffer in the first place that has some, evicting others if `force` is set
 * (`ttm_bo_alloc_resource`).
 *
 * @returns The row of the resource, ENOSPC when no place has room, or what stopped the search.
 */
export function allocateAmong(
  state: DeviceState,
  buffer: BufferRecord,
  places: readonly PreparedPlace[],
  force: boolean,
  op: Operation,
): number | Outcome {
  buffer.reservation.fences.reserve(1);
  for (const place of places) {
    const { type } = place;
    if (!type.usable || (place.cachingMask & type.availableCaching) === 0) continue;
    let row = allocateResource(state, buffer, place, force, op);
    // Nobody else is asked, since its manager cannot tell whether there is room.
    if (row === EBUSY) return EBUSY;
    if (row === ENOSPC && force && !type.isSystem) row = makeRoom(state, buffer, place, op);
    if (row === EBUSY) op.passOver(EBUSY);
    if (row === ENOSPC || row === EBUSY || row === LATER) continue;
    // Other places would be tried with the same locks held; the caller has to give them up first.
    if (row === EDEADLK) return ENOSPC;
    if (row < 0 || inheritMoveFences(type, buffer, op) !== EBUSY) return row;
    freeResource(state, row, "freed");
  }
  return ENOSPC;
}

/** Takes room without evicting if there is some, else by evicting (`ttm_bo_mem_space`). */
export function memSpace(
  state: DeviceState,
  buffer: BufferRecord,
  placement: PreparedPlacement,
  op: Operation,
): number | Outcome {
  const row = allocateAmong(state, buffer, placement.places, false, op);
  return row === ENOSPC ? allocateAmong(state, buffer, placement.busyPlaces, true, op) : row;
}

/**
 * Evicts buffers of one memory type, in the order of its lists, until a buffer fits into the place
 * (`ttm_bo_evict_alloc`). What has been evicted stays evicted, whatever comes of it. A victim that cannot leave is
 * passed over. Only if the buffer is reserved under a ticket is everything tried again while somebody leaves, and are buffers
 * waited for that others have reserved.
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
  if (op.mayEvict === null || (op.evicting & bit) !== 0 || neverFits(buffer, place)) return ENOSPC;
  op.evicting |= bit;
  try {
    let room: number | Outcome = ENOSPC;
    if (sparesSome(state, op)) room = evictFor(state, buffer, place, true, op);
    if (room === ENOSPC && op.mayEvict === undefined) room = evictFor(state, buffer, place, false, op);
    const ticket = buffer.reservation.holder;
    // Each turn that helps makes somebody leave; victims that only move about would do so for ever.
    let turnsLeft = 1 + place.type.residents;
    for (let evictions = -1; room === ENOSPC && ticket !== null && evictions !== op.evictions && turnsLeft-- > 0;) {
      evictions = op.evictions;
      room = evictUntilRoom(state, buffer, place, op.noWait ? null : ticket, false, op);
    }
    return room;
  } finally {
    op.evicting &= ~bit;
  }
}

/** Evicts neighbours that make room together, if the manager can name some, else one victim after the other. */
function evictFor(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  sparing: boolean,
  op: Operation,
): number | Outcome {
  const room = place.type.manager?.scan === undefined ? ENOSPC : evictNeighbours(state, buffer, place, sparing, op);
  return room === ENOSPC ? evictUntilRoom(state, buffer, place, null, sparing, op) : room;
}

/** Evicts those whose pages together make the room, if the manager can name them; ENOSPC if that does not do. */
function evictNeighbours(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  sparing: boolean,
  op: Operation,
): number | Outcome {
  const mayLeave = (victim: BufferRecord, row: number) =>
    availability(state, victim, row, place, null, op) === DONE && !(sparing && isSpared(state, victim, op));
  for (const victim of neighboursInTheWay(state, buffer, place, mayLeave, op)) {
    // Another eviction may have taken it along.
    if (victim.type !== place.type) continue;
    const outcome = giveUpPlace(state, victim, op);
    if (outcome === BLOCKED) return BLOCKED;
    if (outcome !== DONE) {
      op.passOver(outcome);
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
  sparing: boolean,
  op: Operation,
): number | Outcome {
  // A victim that lands in this type again joins at the tail; each may be met once more, not for ever. The dying, ghosts
  // that this walk has made among them, are met once only.
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
      if (sparing && isSpared(state, victim, op)) continue;
      if (!victim.isDying && victimsLeft-- === 0) break;
      const outcome = giveUpPlace(state, victim, op);
      if (outcome === BLOCKED) return BLOCKED;
      if (outcome !== DONE) {
        op.passOver(outcome);
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

/**
 * Moves a buffer into a resource that has been allocated for it, by way of the stops that the driver asks for. If
 * that fails the resource is freed and the buffer is where it was, or at a stop.
 */
export function moveThroughHops(
  state: DeviceState,
  buffer: BufferRecord,
  to: number,
  evict: boolean,
  op: Operation,
): Outcome {
  let outcome = handleMove(state, buffer, to, evict, true, op);
  for (let hops = 0; outcome === EMULTIHOP; hops++) {
    outcome = hops < state.types.length ? moveToStop(state, buffer, evict, op) : EINVAL;
    if (outcome === DONE) outcome = handleMove(state, buffer, to, evict, true, op);
  }
  if (outcome !== DONE) freeResource(state, to, "freed");
  return outcome;
}

/** Evicts a buffer to SYSTEM, wherever its driver would send it. */
export function moveToSystem(state: DeviceState, buffer: BufferRecord, op: Operation): Outcome {
  const row = allocateResource(state, buffer, state.systemPlace, false, op);
  return row < 0 ? row : moveThroughHops(state, buffer, row, true, op);
}

function moveToStop(state: DeviceState, buffer: BufferRecord, evict: boolean, op: Operation): Outcome {
  if (op.hop === null) return EINVAL;
  const row = memSpace(state, buffer, op.hop, op);
  if (row < 0) return row;
  const outcome = handleMove(state, buffer, row, evict, false, op);
  if (outcome !== DONE) freeResource(state, row, "freed");
  return outcome;
}
