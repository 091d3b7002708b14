import type { BufferRecord } from "../state/buffer_record.ts";
import { leaveToGhost } from "./destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Fence } from "../lock/fence.ts";
import { FenceList } from "../lock/fence_list.ts";
import { endKernelMaps, isAperture, unmapVirtual } from "../memory/io_memory.ts";
import type { Operation } from "../state/operation.ts";
import { BLOCKED, codeOf, DONE, EINVAL, EMULTIHOP, ENOMEM, type Outcome } from "../base/outcome.ts";
import { populate } from "../memory/populate.ts";
import { PreparedPlacement } from "../state/prepared_placement.ts";
import { freeResource } from "./allocation.ts";
import { createTable, emptyTable } from "../memory/bind.ts";
import type { TranslationTable } from "../contract/translation_table.ts";
import { type Transition, travel } from "./transfer.ts";

/**
 * One transition (`ttm_bo_handle_move_mem`). On anything but success the buffer has the place, contents, caching and
 * table that it had before.
 */
export function handleMove(
  state: DeviceState,
  buffer: BufferRecord,
  to: number,
  evict: boolean,
  mayHop: boolean,
  op: Operation,
): Outcome {
  const { buffers, resources } = state;
  const old = buffers.resource(buffer.row);
  const from = old < 0 ? null : resources.place(old).type;
  const target = resources.place(to).type;
  const origin = from ?? (buffer.imported === null ? null : state.systemPlace.type);
  // A stop is left on the way, and nobody evicts from it.
  const why = evict && !(old >= 0 && resources.place(old).temporary) ? "evicted" : "moved";
  // As in the kernel, only the last leg is an eviction.
  const move: Transition = {
    buffer,
    old,
    from,
    origin,
    target,
    to,
    evict: evict && mayHop,
    why,
    fence: null,
    pipelined: false,
  };
  let outcome = mayHop ? askForHop(state, move, op) : DONE;
  if (outcome === DONE) outcome = waitBeforeMove(state, move, op);
  if (outcome === DONE) outcome = prepareAndTravel(state, move, op);
  if (outcome === DONE) waitForCopy(state, move, op);
  if (outcome !== BLOCKED) trace(state, move, outcome, op);
  if (outcome === DONE) commit(state, move);
  return outcome;
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

/** Pages may not leave the device's view while it works on them, and immediate moves come after all work. */
function waitBeforeMove(state: DeviceState, { buffer, from, target }: Transition, op: Operation): Outcome {
  const bytesTravel = from?.fixed === true || target.fixed;
  // Whether there are bytes for the array of an exporter is known when the copies before have ended.
  const isReturn = buffer.imported !== null && from?.fixed === true && !target.fixed;
  const known = isReturn ? op.waitForAll(buffer.reservation.fences, "kernel") : DONE;
  if (known !== DONE) return known;
  const isQueued = bytesTravel ? state.orderedMoves : state.rebinds;
  const mustBeIdle = (!isQueued || (isReturn && buffer.lost !== undefined)) &&
    (bytesTravel || (from !== null && !from.isSystem));
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
  const { buffer, old, origin, target, to, why, fence } = move;
  // A buffer that comes from nowhere keeps the table that it may have, unless the bytes in it have gone along.
  const leavingTable = target.fixed && origin !== null ? buffer.tt : null;
  endKernelMaps(buffer);
  if (fence !== null) loseContentsIfItFails(buffer, fence);
  if (fence !== null && !fence.signalled && old >= 0 && !move.pipelined) {
    const copies = new FenceList();
    copies.add(fence, "kernel");
    leaveToGhost(state, buffer, leavingTable, copies, why);
  } else {
    if (leavingTable !== null) emptyAfter(fence, state, buffer, leavingTable);
    if (old >= 0) freeResource(state, old, why);
  }
  if (leavingTable !== null) buffer.tt = null;
  state.buffers.setResource(buffer, to);
  if (buffer.wasEvicted) state.driver.invalidateCaches?.(buffer);
  buffer.wasEvicted = false;
}

/** A copy that is under way reads from the table; without a place of its own no ghost keeps it. */
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
    if (error !== undefined && buffer.contents === contents) buffer.contents = { lost: error };
  });
}

function trace(
  state: DeviceState,
  { buffer, evict, target, to, fence }: Transition,
  outcome: Outcome,
  { forBuffer }: Operation,
): void {
  if (state.tracer.move === undefined) return;
  const { memoryType, start } = buffer;
  state.tracer.move({
    buffer,
    evict,
    from: memoryType === null ? null : { memoryType, start: start ?? 0 },
    to: { memoryType: target.name, start: state.resources.start(to) },
    failure: outcome === DONE ? null : outcome === EMULTIHOP ? "EMULTIHOP" : codeOf(outcome),
    fence,
    time: state.clock.now(),
    forBuffer,
  });
}
