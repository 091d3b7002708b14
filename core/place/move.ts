import type { BufferRecord } from "../state/buffer_record.ts";
import { leaveToGhost } from "./destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Driver } from "../contract/driver.ts";
import type { Fence } from "../lock/fence.ts";
import { FenceList } from "../lock/fence_list.ts";
import { endKernelMaps, isAperture, unmapVirtual } from "../memory/io_memory.ts";
import type { Operation } from "../state/operation.ts";
import { BLOCKED, codeOf, DONE, EINVAL, EMULTIHOP, ENOMEM, type Outcome } from "../base/outcome.ts";
import { populate } from "../memory/populate.ts";
import { PreparedPlacement } from "../resource/prepared_placement.ts";
import { freeResource } from "./allocation.ts";
import { createTable, emptyTable } from "../memory/bind.ts";
import { TracedMove } from "../state/traced_move.ts";
import type { TranslationTable } from "../contract/translation_table.ts";
import { type Transition, travel } from "./transfer.ts";

/**
 * One move (`ttm_bo_handle_move_mem`). Unless it succeeds, the buffer has the place, contents, caching and
 * table that it had before; in fixed memory it has no table after a failure.
 */
export function handleMove(
  state: DeviceState,
  buffer: BufferRecord,
  to: number,
  evict: boolean,
  mayHop: boolean,
  op: Operation,
): Outcome {
  const { resources } = state;
  const old = buffer.resource;
  const present = old < 0 ? null : resources.place(old);
  const from = present === null ? null : present.type;
  const { type: target } = resources.place(to);
  const origin = from ?? (hasContents(buffer) ? state.systemPlace.type : null);
  const drops = from !== null && from.fixed && target.isSystem && buffer.clean;
  // Leaving a hop is not an eviction.
  const why = evict && present?.temporary !== true ? "evicted" : "moved";
  // As in the kernel, only the last move of several is an eviction.
  const move: Transition = {
    buffer,
    old,
    from,
    origin,
    target,
    to,
    evict: evict && mayHop,
    drops,
    why,
    fence: null,
    pipelined: false,
  };
  let outcome = mayHop && !drops && state.driver.hop !== undefined ? askForHop(state, move, op) : DONE;
  if (outcome === DONE && buffer.busy) outcome = waitBeforeMove(state, move, op);
  if (outcome === DONE) outcome = prepareAndTravel(state, move, op);
  if (outcome === DONE && drops) handOnAfterWork(move);
  else if (outcome === DONE && move.fence !== null) waitForCopy(state, move, move.fence, op);
  if (outcome !== BLOCKED && state.tracer.move !== undefined) trace(state, move, outcome, op);
  if (outcome === DONE) commit(state, move);
  return outcome;
}

/** Whether a buffer that has no place yet has contents all the same. */
function hasContents({ imported, stored }: BufferRecord): boolean {
  return imported !== null || stored !== null;
}

function askForHop(state: DeviceState, { buffer, origin, target }: Transition, op: Operation): Outcome {
  if (origin === null || origin === target || (origin.isSystem && buffer.tt === null)) return DONE;
  try {
    const place = state.driver.hop?.(buffer, origin.name, target.name) ?? null;
    if (place === null) return DONE;
    op.hop = new PreparedPlacement(state.typesByName, { placement: [{ ...place, temporary: true }] });
    return EMULTIHOP;
  } catch (error) {
    return op.fail(error, EINVAL);
  }
}

/** Pages must not be unbound while the device works on them, and immediate moves come after all work. */
function waitBeforeMove(state: DeviceState, { buffer, from, target, drops }: Transition, op: Operation): Outcome {
  if (drops) return state.orderedMoves && state.pipelinesEvictions ? DONE : op.waitForAll(buffer.reservation);
  const bytesTravel = from?.fixed === true || target.fixed;
  // Whether there are bytes to return to the exporter's array is known when earlier copies have ended.
  const isReturn = buffer.imported !== null && from?.fixed === true && !target.fixed;
  const known = isReturn ? op.waitForAll(buffer.reservation, "kernel") : DONE;
  if (known !== DONE) return known;
  const isQueued = bytesTravel ? state.orderedMoves : state.rebinds;
  const mustBeIdle = (!isQueued || (isReturn && buffer.lost !== undefined)) &&
    (bytesTravel || (from !== null && !from.isSystem));
  return mustBeIdle ? op.waitForAll(buffer.reservation) : DONE;
}

function prepareAndTravel(state: DeviceState, move: Transition, op: Operation): Outcome {
  const { buffer, from, target } = move;
  const { driver } = state;
  const hadTable = buffer.tt !== null;
  if (buffer.mappings !== null && mapsWouldLie(state, move)) unmapVirtual(state, buffer);
  let outcome = prepareTable(state, move, op);
  if (outcome === DONE) {
    buffer.reservation.reserveFence();
    if (driver.moveNotify !== undefined) notifyMove(driver, move);
    outcome = travel(state, move, op);
    if (outcome !== DONE) driver.moveNotify?.(buffer, target.name, from?.name ?? null);
  }
  if (outcome !== DONE) dropUnusedTable(state, move, hadTable, outcome);
  return outcome;
}

/** As in the kernel, a failure also takes the table that a buffer in fixed memory had, which is of no use there. */
function dropUnusedTable(
  state: DeviceState,
  { buffer, from }: Transition,
  hadTable: boolean,
  outcome: Outcome,
): void {
  const isUnused = !hadTable || (from?.fixed === true && outcome !== BLOCKED);
  if (!isUnused || buffer.tt === null) return;
  emptyTable(state, buffer, buffer.tt);
  buffer.tt = null;
}

/** A driver is told of a dropped buffer as of one that is purged and placed again. */
function notifyMove(driver: Driver, { buffer, from, target, drops }: Transition): void {
  const before = from?.name ?? null;
  if (drops) driver.moveNotify?.(buffer, before, null);
  driver.moveNotify?.(buffer, drops ? null : before, target.name);
}

/** Whether the move changes the pages that users' maps see, or their caching. */
function mapsWouldLie({ resources }: DeviceState, { old, from, target, to }: Transition): boolean {
  if (from === null) return false;
  const before = resources.caching(old);
  const caching = resources.caching(to);
  return before !== caching || isAperture(from, before) || isAperture(target, caching);
}

/**
 * Outside fixed memory a buffer needs a table. Its pages must be populated if the device sees them, if bytes are copied
 * to them, or if bytes in the swap store, or being written to it, are moved from them.
 */
function prepareTable(state: DeviceState, { buffer, from, target, drops }: Transition, op: Operation): Outcome {
  const { movesBytes } = state;
  if (drops) return prepareDrop(state, buffer, op);
  if (target.fixed) {
    const { tt } = buffer;
    const isAway = tt !== null && (tt.swapped || tt.transfer?.signalled === false);
    return isAway && movesBytes ? populate(state, buffer, tt, op) : DONE;
  }
  if (buffer.tt === null && !createTable(state, buffer, op)) return ENOMEM;
  const bytesArrive = from?.fixed === true && movesBytes;
  if (buffer.tt === null || (target.isSystem && !bytesArrive)) return DONE;
  return populate(state, buffer, buffer.tt, op, !bytesArrive);
}

function prepareDrop(state: DeviceState, buffer: BufferRecord, op: Operation): Outcome {
  if (buffer.tt === null) createTable(state, buffer, op);
  if (buffer.tt === null) return ENOMEM;
  buffer.tt.swap = buffer.stored;
  return DONE;
}

/** Nothing is copied out of a dropped range, but work may still use it. */
function handOnAfterWork({ buffer, from }: Transition): void {
  for (const work of buffer.reservation.allPending()) from?.moveFences.add(work);
}

/** Adds the copy's fence to the buffer. An eviction that is not pipelined ends only when its copy has ended. */
function waitForCopy(state: DeviceState, move: Transition, fence: Fence, op: Operation): void {
  const { buffer, from, evict } = move;
  buffer.reservation.fences.add(fence, "kernel");
  if (!evict) return;
  if (from?.fixed === true && state.pipelinesEvictions) {
    from.moveFences.add(fence);
    move.pipelined = true;
    return;
  }
  for (const earlier of buffer.reservation.allPending()) op.waitForOwn(earlier);
  op.ownCopy = fence.signalled ? null : fence;
}

/** Gives the buffer the new resource and frees the old one, now or when the copy out of it has ended. */
function commit(state: DeviceState, move: Transition): void {
  const { buffer, old, origin, target, to, why, fence } = move;
  // A buffer without an old place keeps its table, if any, unless the bytes in it have been moved.
  const leavingTable = target.fixed && origin !== null ? buffer.tt : null;
  endKernelMaps(buffer);
  if (fence !== null) loseContentsIfItFails(buffer, fence);
  if (fence !== null && !fence.signalled && old >= 0 && !move.pipelined) {
    leaveToGhost(state, buffer, leavingTable, onlyThat(fence), why);
  } else {
    if (leavingTable !== null) emptyAfter(fence, state, buffer, leavingTable);
    if (old >= 0) freeResource(state, old, why);
  }
  if (leavingTable !== null) buffer.tt = null;
  // What was lost on the device is not lost in the store.
  if (move.drops) buffer.contents = { lost: undefined };
  buffer.occupy(to);
  if (buffer.wasEvicted) state.driver.invalidateCaches?.(buffer);
  buffer.wasEvicted = false;
}

function onlyThat(copy: Fence): FenceList {
  const copies = new FenceList();
  copies.add(copy, "kernel");
  return copies;
}

/** A copy that is under way reads from the table; without an old place no ghost object keeps the table. */
function emptyAfter(
  copy: Fence | null,
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable,
): void {
  if (copy === null || copy.signalled) emptyTable(state, buffer, table);
  else copy.onSignal(() => emptyTable(state, buffer, table));
}

function loseContentsIfItFails(buffer: BufferRecord, copy: Fence): void {
  const { contents } = buffer;
  copy.observe((error) => {
    if (error !== undefined && buffer.contents === contents) buffer.lose(error);
  });
}

function trace(
  state: DeviceState,
  { buffer, old, from, evict, drops, target, to, fence }: Transition,
  outcome: Outcome,
  op: Operation,
): void {
  const { clock, resources, tracer } = state;
  const event = state.tracedMove ??= new TracedMove(clock, buffer, op);
  event.buffer = buffer;
  event.evict = evict;
  event.dropped = drops;
  if (from === null) event.from = null;
  else event.comesFrom(from, resources.start(old));
  event.to.at(target, resources.start(to));
  event.failure = outcome === DONE ? null : outcome === EMULTIHOP ? "EMULTIHOP" : codeOf(outcome);
  event.fence = fence;
  event.forBuffer = op.forBuffer;
  event.operation = op;
  event.eviction = evict ? op.evictionCause : null;
  tracer.move?.(event);
}
