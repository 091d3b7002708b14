import type { BufferObject } from "./buffer_object.ts";
import { leaveToGhost } from "./destroy.ts";
import type { DeviceState } from "./device_state.ts";
import type { Fence } from "./fence.ts";
import { endKernelMaps, isAperture, unmapVirtual } from "./io_memory.ts";
import type { MemoryType } from "./memory_type.ts";
import type { Operation } from "./operation.ts";
import { BLOCKED, codeOf, DONE, EINVAL, EMULTIHOP, ENOMEM, type Outcome } from "./outcome.ts";
import { populate } from "./populate.ts";
import { PreparedPlacement } from "./placement.ts";
import { freeResource } from "./resource.ts";
import { memSpace } from "./space.ts";
import { createTable, emptyTable } from "./tables.ts";
import { travel } from "./travel.ts";

/** One transition of a buffer between places. */
export interface Transition {
  readonly buffer: BufferObject;
  /** The row of the present resource; -1 without a place so far. */
  readonly old: number;
  /** Null without a place so far. */
  readonly from: MemoryType | null;
  readonly target: MemoryType;
  /** The row of the new resource. */
  readonly to: number;
  readonly evict: boolean;
  /** The copy; null when there is nothing to wait for. */
  fence: Fence | null;
  /** Whether the old place is handed on behind the copy. */
  pipelined: boolean;
}

/**
 * Moves a buffer into a resource that has been allocated for it, by way of the stops that the driver asks for. If
 * that fails the resource is freed and the buffer is where it was, or at a stop.
 */
export function moveThroughHops(
  state: DeviceState,
  buffer: BufferObject,
  to: number,
  evict: boolean,
  op: Operation,
): Outcome {
  let outcome = handleMove(state, buffer, to, evict, true, op);
  for (let hops = 0; outcome === EMULTIHOP; hops++) {
    outcome = hops < state.types.length ? moveToStop(state, buffer, op) : EINVAL;
    if (outcome === DONE) outcome = handleMove(state, buffer, to, evict, true, op);
  }
  if (outcome !== DONE) freeResource(state, to);
  return outcome;
}

function moveToStop(state: DeviceState, buffer: BufferObject, op: Operation): Outcome {
  if (op.hop === null) return EINVAL;
  const row = memSpace(state, buffer, op.hop, op);
  if (row < 0) return row;
  const outcome = handleMove(state, buffer, row, false, false, op);
  if (outcome !== DONE) freeResource(state, row);
  return outcome;
}

/**
 * One transition (`ttm_bo_handle_move_mem`). On anything but success the buffer has the place, contents, caching and
 * table that it had before.
 */
function handleMove(
  state: DeviceState,
  buffer: BufferObject,
  to: number,
  evict: boolean,
  mayHop: boolean,
  op: Operation,
): Outcome {
  const { buffers, resources } = state;
  const old = buffers.resource(buffer.row);
  const from = old < 0 ? null : resources.place(old).type;
  const target = resources.place(to).type;
  const move: Transition = { buffer, old, from, target, to, evict, fence: null, pipelined: false };
  let outcome = mayHop ? askForHop(state, move, op) : DONE;
  if (outcome === DONE) outcome = waitBeforeMove(state, move, op);
  if (outcome === DONE) outcome = prepareAndTravel(state, move, op);
  if (outcome === DONE) waitForCopy(state, move, op);
  if (outcome !== BLOCKED) trace(state, move, outcome);
  if (outcome === DONE) commit(state, move);
  return outcome;
}

function askForHop(state: DeviceState, { buffer, from, target }: Transition, op: Operation): Outcome {
  if (from === null || from === target || (from.isSystem && buffer.tt === null)) return DONE;
  try {
    const place = state.driver.hop?.(buffer, from.name, target.name) ?? null;
    if (place === null) return DONE;
    op.hop = new PreparedPlacement(state.typesByName, { placement: [{ ...place, temporary: true }] });
    return EMULTIHOP;
  } catch (error) {
    return op.fail(error, EINVAL);
  }
}

/** Pages may not leave the device's view while it works on them, and immediate moves come after all work. */
function waitBeforeMove(state: DeviceState, { buffer, from, target }: Transition, op: Operation): Outcome {
  const bytesTravel = from?.fixed === true || target.fixed;
  const isQueued = bytesTravel ? state.orderedMoves : state.rebinds;
  const mustBeIdle = !isQueued && (bytesTravel || (from !== null && !from.isSystem));
  return mustBeIdle ? op.waitForAll(buffer.reservation.fences) : DONE;
}

function prepareAndTravel(state: DeviceState, move: Transition, op: Operation): Outcome {
  const { buffer, from, target } = move;
  const { driver } = state;
  const hadTable = buffer.tt !== null;
  if (mapsWouldLie(state, move)) unmapVirtual(state, buffer);
  let outcome = prepareTable(state, move, op);
  if (outcome === DONE) {
    buffer.reservation.fences.reserve(1);
    driver.moveNotify?.(buffer, from?.name ?? null, target.name);
    outcome = travel(state, move, op);
    if (outcome !== DONE) driver.moveNotify?.(buffer, target.name, from?.name ?? null);
  }
  if (outcome !== DONE && !hadTable && buffer.tt !== null) {
    emptyTable(state, buffer, buffer.tt);
    buffer.tt = null;
  }
  return outcome;
}

/** Whether users see something else after the move, or see it otherwise cached. */
function mapsWouldLie({ resources }: DeviceState, { buffer, old, from, target, to }: Transition): boolean {
  if (buffer.mappings === null || from === null) return false;
  const before = resources.caching(old);
  const caching = resources.caching(to);
  return before !== caching || isAperture(from, before) || isAperture(target, caching);
}

/**
 * Outside fixed memory a buffer needs a table; its pages must exist where the device sees them, bytes arrive, or bytes
 * that are in the swap store, or on their way to it, leave.
 */
function prepareTable(state: DeviceState, { buffer, from, target }: Transition, op: Operation): Outcome {
  const { movesBytes } = state;
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

/** Puts the copy among the buffer's work. An eviction that is not pipelined is over only when its copy is. */
function waitForCopy(state: DeviceState, move: Transition, op: Operation): void {
  const { buffer, from, evict, fence } = move;
  if (fence === null) return;
  buffer.reservation.fences.add(fence, "kernel");
  if (!evict) return;
  if (from?.fixed === true && state.pipelinesEvictions) {
    from.remember(fence);
    move.pipelined = true;
    return;
  }
  for (const earlier of buffer.reservation.fences.allPending()) op.waitForOwn(earlier);
  op.ownCopy = fence.signalled ? null : fence;
}

/** Makes the new resource the buffer's own and lets go of the old one, now or when the copy out of it has ended. */
function commit(state: DeviceState, move: Transition): void {
  const { buffer, old, from, target, to, fence } = move;
  // A buffer that comes from nowhere keeps the table that it may have; nothing of it goes along.
  const leavingTable = target.fixed && from !== null ? buffer.tt : null;
  endKernelMaps(buffer);
  if (fence !== null) loseContentsIfItFails(buffer, fence);
  if (fence !== null && !fence.signalled && old >= 0 && !move.pipelined) {
    leaveToGhost(state, buffer, leavingTable, [{ fence, usage: "kernel" }]);
  } else {
    if (leavingTable !== null) emptyTable(state, buffer, leavingTable);
    if (old >= 0) freeResource(state, old);
  }
  if (leavingTable !== null) buffer.tt = null;
  state.buffers.setResource(buffer, to);
  if (buffer.wasEvicted) state.driver.invalidateCaches?.(buffer);
  buffer.wasEvicted = false;
}

function loseContentsIfItFails(buffer: BufferObject, copy: Fence): void {
  const { contents } = buffer;
  copy.onSignal((error) => {
    if (error !== undefined && buffer.contents === contents) buffer.contents = { lost: error };
  });
}

function trace(state: DeviceState, { buffer, evict, target, to, fence }: Transition, outcome: Outcome): void {
  if (state.tracer.move === undefined) return;
  const { memoryType, start } = buffer;
  state.tracer.move({
    buffer,
    evict,
    from: memoryType === null ? null : { memoryType, start: start ?? 0 },
    to: { memoryType: target.name, start: state.resources.start(to) },
    failure: outcome === DONE ? null : outcome === EMULTIHOP ? "EMULTIHOP" : codeOf(outcome),
    fence,
  });
}
