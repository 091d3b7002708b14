import type { BufferRecord } from "../state/buffer_record.ts";
import { reapForRoom } from "./destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import * as moves from "./move.ts";
import { neighboursInTheWay } from "./neighbours.ts";
import { type KeptReason, nobodyKept } from "../base/no_room_report.ts";
import type { Operation } from "../state/operation.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import type { PreparedPlace, PreparedPlacement } from "../resource/prepared_placement.ts";
import { purge } from "./purge.ts";
import { whyStuck } from "./no_room.ts";
import * as allocation from "./allocation.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";
import * as victims from "./victims.ts";
import { mayBeDue } from "../groups/shield.ts";
import { PAGE_SIZE } from "../base/units.ts";

const { BLOCKED, DONE, EBUSY, EDEADLK, EINVAL, EMULTIHOP, ENOSPC, LATER } = outcomes;
const { handleMove } = moves;
const { allocateResource, freeResource, inheritMoveFences, neverFits } = allocation;
const { availability, beginSearch, compareOrders, firstVictim, isSpared, shieldFor, sparesSome } = victims;

/**
 * Allocates a resource in the first place that has room, evicting other buffers if `force` is set
 * (`ttm_bo_alloc_resource`). For a buffer that its group will protect, others that are not protected are evicted in any
 * case: the next place is no match for what is due to it.
 *
 * @returns The row of the resource, ENOSPC if no place has room, or the outcome that ended the search.
 */
export function allocateAmong(
  state: DeviceState,
  buffer: BufferRecord,
  places: readonly PreparedPlace[],
  force: boolean,
  op: Operation,
): number | Outcome {
  buffer.reservation.reserveFence();
  // A loop over indices is compiled into a third of the code, and then with what it calls.
  for (let at = 0; at < places.length; at++) {
    const place = places[at] as PreparedPlace;
    const { type } = place;
    if (!type.usable || place.cachingMask === 0) continue;
    let row = allocateResource(state, buffer, place, force, op);
    // No other place is tried, since a busy manager cannot tell whether there is room.
    if (row === EBUSY) return EBUSY;
    if (row === ENOSPC && (force || mayBeDue(buffer.group, type.index, buffer.pages * PAGE_SIZE))) {
      row = makeRoom(state, buffer, place, force, op);
      if (row === EBUSY) op.passOver(EBUSY);
    }
    if (row >= 0) {
      if (type.moveFences.size === 0 || inheritMoveFences(type, buffer, op) !== EBUSY) return row;
      freeResource(state, row, "freed");
    } else if (row !== ENOSPC && row !== EBUSY && row !== LATER) {
      // Other places would be tried with the same locks held; the caller must unlock them first.
      return row === EDEADLK ? ENOSPC : row;
    }
  }
  return ENOSPC;
}

/** Allocates a resource without evicting if there is room, else by evicting (`ttm_bo_mem_space`). */
export function memSpace(
  state: DeviceState,
  buffer: BufferRecord,
  placement: PreparedPlacement,
  op: Operation,
): number | Outcome {
  const row = placement.isOnePlace ? ENOSPC : allocateAmong(state, buffer, placement.places, false, op);
  return row === ENOSPC ? allocateAmong(state, buffer, placement.busyPlaces, true, op) : row;
}

/**
 * Evicts buffers of one memory type, in the order of its lists, until a buffer fits into the place
 * (`ttm_bo_evict_alloc`). Victims stay evicted whatever the outcome. A victim that cannot be evicted is skipped. Only
 * if the buffer is reserved under a ticket is the search repeated while it evicts buffers, and are victims that others
 * have reserved waited for. Buffers below the `low` of their groups are evicted if the search finds no room without.
 *
 * @returns The row of the new resource, ENOSPC if no victim is left, {@linkcode BLOCKED}, or EDEADLK if the
 * ticket must back off for an older one.
 */
function makeRoom(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  force: boolean,
  op: Operation,
): number | Outcome {
  // Evictions nest from memory type to memory type; one that returns to a type would recurse without end.
  const bit = 1 << place.type.index;
  if (place.type.isSystem || op.mayEvict === null || (op.evicting & bit) !== 0 || neverFits(buffer, place)) {
    return ENOSPC;
  }
  const { search, shield } = op;
  op.evicting |= bit;
  op.search = state.tracer.move === undefined ? null : op.nextSearch;
  op.shield = shieldFor(state, buffer, place.type, force);
  let room = evictUnreserved(state, buffer, place, op);
  if (room === ENOSPC) room = evictTheRest(state, buffer, place, force, op);
  op.search = search;
  op.shield = shield;
  op.evicting &= ~bit;
  return room;
}

/** Evicts those that groups would rather keep; under a ticket, also those that others have reserved. */
function evictTheRest(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  force: boolean,
  op: Operation,
): number | Outcome {
  const { shield } = op;
  let room: number | Outcome = ENOSPC;
  while (room === ENOSPC && op.mayEvict === undefined && shield?.goesOn()) {
    room = evictUnreserved(state, buffer, place, op);
  }
  const ticket = force ? buffer.reservation.holder : null;
  if (ticket === null || room !== ENOSPC) return room;
  shield?.regardLow();
  do room = evictAgain(state, buffer, place, ticket, op); while (room === ENOSPC && shield?.goesOn());
  return room;
}

/** Evicts buffers that nobody has reserved: first those that nobody wants to keep. */
function evictUnreserved(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  op: Operation,
): number | Outcome {
  const room = sparesSome(state, place.type, op) ? evictFor(state, buffer, place, true, op) : ENOSPC;
  return room === ENOSPC && op.mayEvict === undefined ? evictFor(state, buffer, place, false, op) : room;
}

/** A turn is repeated only if it evicted a buffer; victims that only move within the type could do so for ever. */
function evictAgain(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  ticket: AcquireTicket,
  op: Operation,
): number | Outcome {
  let room: number | Outcome = ENOSPC;
  let turnsLeft = 1 + place.type.residents;
  for (let evictions = -1; room === ENOSPC && evictions !== op.evictions && turnsLeft-- > 0;) {
    evictions = op.evictions;
    room = evictUntilRoom(state, buffer, place, op.noWait ? null : ticket, false, op);
  }
  return room;
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

/** Evicts neighbours that make room together, if the manager can name them; ENOSPC if that does not suffice. */
function evictNeighbours(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  sparing: boolean,
  op: Operation,
): number | Outcome {
  const { search } = op;
  search?.begin(buffer, buffer.pages, place.place);
  const neighbours = neighboursInTheWay(state, buffer, place, sparing, op);
  search?.choose(neighbours);
  for (const victim of neighbours) {
    // An earlier eviction may have evicted it, too.
    if (victim.type !== place.type) continue;
    // Each of them may leave, but a group may need to keep some.
    if (op.shield !== null && op.shield.whyKept(victim) !== null) return ENOSPC;
    search?.goTo(victim);
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
  // A victim that is evicted into this type again is at the tail; each is visited once more at most. Dying buffers and
  // ghost objects, those made by this walk included, are visited once only.
  let victimsLeft = place.type.residents;
  let kept: Record<KeptReason, number> | null = null;
  const { search } = op;
  search?.begin(buffer, buffer.pages, place.place);
  const walk = state.order.walk(place.type, buffer);
  try {
    for (let row = walk.next(); row >= 0; row = walk.next()) {
      const victim = state.resources.buffer(row);
      if (victim === null) continue;
      search?.visit(victim);
      const available = availability(state, victim, row, place, ticket, op);
      if (available !== DONE) {
        if (typeof available !== "string") return available;
        kept = count(kept, buffer, victim, available, op);
        continue;
      }
      if (sparing && isSpared(state, victim, op)) continue;
      if (!victim.isDying && victimsLeft-- === 0) break;
      if (!state.hints.isEmpty) compareOrders(state, victim, buffer, place, op);
      const outcome = giveUpPlace(state, victim, op);
      if (outcome === DONE) {
        const room = takeRoom(state, buffer, place, op);
        if (room !== ENOSPC) return room;
      } else if (outcome === BLOCKED) return BLOCKED;
      else kept = count(kept, buffer, victim, fails(victim, outcome, op), op);
    }
  } finally {
    walk.close();
  }
  op.noteKept(place, kept);
  return ENOSPC;
}

/** Counts a victim that stays, and why. */
function count(
  kept: Record<KeptReason, number> | null,
  newcomer: BufferRecord,
  victim: BufferRecord,
  reason: KeptReason,
  { search }: Operation,
): Record<KeptReason, number> {
  const counts = kept ?? nobodyKept();
  if (victim !== newcomer) counts[reason]++;
  search?.passOver(victim, reason === "cannot leave" ? "cannot be moved" : reason);
  return counts;
}

/** Notes that the eviction of a victim failed, and tells why it stays. */
function fails(victim: BufferRecord, outcome: Outcome, op: Operation): KeptReason {
  op.passOver(outcome);
  return whyStuck(victim);
}

/** Asks for the room again after an eviction. */
function takeRoom(state: DeviceState, buffer: BufferRecord, place: PreparedPlace, op: Operation): number | Outcome {
  op.evictions++;
  const left = op.ownCopy === null ? DONE : waitUntilLeft(op);
  return left === DONE ? allocateResource(state, buffer, place, true, op) : left;
}

/** Frees the place of a buffer: a dying buffer is destroyed, a live one is evicted. */
export function giveUpPlace(state: DeviceState, victim: BufferRecord, op: Operation): Outcome {
  const { reservation } = victim;
  if (victim.isDying) return freeWhenIdle(state, victim, op);
  if (reservation.tryLock() !== DONE) return reservation === op.siblings ? evict(state, victim, op) : EBUSY;
  try {
    return evict(state, victim, op);
  } finally {
    reservation.release();
  }
}

function freeWhenIdle(state: DeviceState, dying: BufferRecord, op: Operation): Outcome {
  const idle = op.waitForAll(dying.reservation);
  if (idle === DONE && dying.row >= 0) reapForRoom(state, dying);
  return idle;
}

/** Whether the copy of an eviction must be waited for. */
export function waitUntilLeft(op: Operation): Outcome {
  const copy = op.ownCopy;
  op.ownCopy = null;
  return copy === null ? DONE : op.waitForOwn(copy);
}

/** Moves a locked buffer to its driver's eviction placement (`ttm_bo_evict`). */
function evict(state: DeviceState, buffer: BufferRecord, op: Operation): Outcome {
  const outcome = buffer.clean && buffer.type?.fixed === true
    ? moveToSystem(state, buffer, op)
    : moveToEvictPlacement(state, buffer, op);
  if (outcome === DONE && buffer.resource >= 0) buffer.wasEvicted = true;
  if (outcome === DONE && buffer.isReturning) state.returns.evicted(buffer);
  return outcome;
}

function moveToEvictPlacement(state: DeviceState, buffer: BufferRecord, op: Operation): Outcome {
  let placement;
  try {
    placement = state.prepareOnce(state.driver.evictPlacement(buffer));
  } catch (error) {
    return op.fail(error, EINVAL);
  }
  const { onlySystem } = placement;
  // SYSTEM has room without evicting, and no copy out of it is waited for.
  if (onlySystem !== null) return moveInto(state, buffer, allocateResource(state, buffer, onlySystem, false, op), op);
  if (placement.isEmpty) return discard(state, buffer, op);
  return moveInto(state, buffer, memSpace(state, buffer, placement, op), op);
}

function moveInto(state: DeviceState, buffer: BufferRecord, row: number | Outcome, op: Operation): Outcome {
  return row < 0 ? row : moveThroughHops(state, buffer, row, true, op);
}

/** Imported memory is not discarded. */
function discard(state: DeviceState, buffer: BufferRecord, op: Operation): Outcome {
  if (buffer.imported !== null) return moveToSystem(state, buffer, op);
  const idle = op.waitForAll(buffer.reservation);
  return idle === DONE ? purge(state, buffer, op, "evicted") : idle;
}

/** Evicts until only pinned buffers are left in a memory type, and waits for the copies out of it. */
export function evictAll(state: DeviceState, type: MemoryType, op: Operation): Outcome {
  // Buffers may be evicted into this type again; each is visited at most twice, and dying ones, among them the ghost
  // objects of these evictions, once.
  let left = 2 * type.residents;
  for (;;) {
    op.search = null;
    op.search = beginSearch(state, op, null, 0);
    const victim = firstVictim(state, type, op.search);
    if (victim === null) break;
    if (!victim.isDying && left-- === 0) return EBUSY;
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
 * Moves a buffer into a resource that has been allocated for it, through the hops that the driver asks for. If
 * that fails the resource is freed and the buffer is where it was, or at a hop.
 */
export function moveThroughHops(
  state: DeviceState,
  buffer: BufferRecord,
  to: number,
  evict: boolean,
  op: Operation,
): Outcome {
  const outcome = handleMove(state, buffer, to, evict, true, op);
  return outcome === DONE ? DONE : goOn(state, buffer, to, evict, outcome, op);
}

/** What follows a move that has not succeeded: one to the intermediate place, if the driver wants that. */
function goOn(
  state: DeviceState,
  buffer: BufferRecord,
  to: number,
  evict: boolean,
  first: Outcome,
  op: Operation,
): Outcome {
  let outcome = first;
  for (let hops = 0; outcome === EMULTIHOP; hops++) {
    outcome = hops < state.types.length ? moveToStop(state, buffer, evict, op) : EINVAL;
    if (outcome === DONE) outcome = handleMove(state, buffer, to, evict, true, op);
  }
  if (outcome !== DONE) freeResource(state, to, "freed");
  return outcome;
}

/** Moves a buffer to SYSTEM, whatever its driver's eviction placement. */
export function moveToSystem(state: DeviceState, buffer: BufferRecord, op: Operation, evict = true): Outcome {
  const row = allocateResource(state, buffer, state.systemPlace, false, op);
  return row < 0 ? row : moveThroughHops(state, buffer, row, evict, op);
}

function moveToStop(state: DeviceState, buffer: BufferRecord, evict: boolean, op: Operation): Outcome {
  if (op.hop === null) return EINVAL;
  const row = memSpace(state, buffer, op.hop, op);
  if (row < 0) return row;
  const outcome = handleMove(state, buffer, row, evict, false, op);
  if (outcome !== DONE) freeResource(state, row, "freed");
  return outcome;
}
