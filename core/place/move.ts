import type { BufferRecord } from "../state/buffer_record.ts";
import { leaveToGhost } from "./destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { RemovalReason } from "../contract/eviction_policy.ts";
import type { Fence } from "../lock/fence.ts";
import { FenceList } from "../lock/fence_list.ts";
import { endKernelMaps, isAperture, unmapVirtual } from "../memory/io_memory.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { Operation } from "../state/operation.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import * as populating from "../memory/populate.ts";
import { PreparedPlacement } from "../resource/prepared_placement.ts";
import * as allocation from "./allocation.ts";
import * as binding from "../memory/bind.ts";
import { TracedMove } from "../state/traced_move.ts";
import type { TranslationTable } from "../contract/translation_table.ts";
import * as transfer from "./transfer.ts";

const { BLOCKED, DONE, EINVAL, EMULTIHOP, ENOMEM, codeOf } = outcomes;
const { populate } = populating;
const { freeResource } = allocation;
const { createTable, emptyTable } = binding;
const { hasContents, originOf, travel } = transfer;

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
  const drops = buffer.clean && isDropped(state, buffer, to);
  const outcome = drops ? drop(state, buffer, to, op) : carry(state, buffer, to, evict, mayHop, op);
  if (outcome !== BLOCKED && state.tracer.move !== undefined) {
    trace(state, buffer, to, evict && mayHop, drops, outcome, op);
  }
  if (outcome === DONE) commit(state, buffer, to, evict, mayHop, op);
  return outcome;
}

/** Moves the buffer with its contents. As in the kernel, only the last move of several is an eviction. */
function carry(
  state: DeviceState,
  buffer: BufferRecord,
  to: number,
  evict: boolean,
  mayHop: boolean,
  op: Operation,
): Outcome {
  const from = buffer.type;
  const { type: target } = state.resources.place(to);
  const hadTable = buffer.tt !== null;
  let outcome = mayHop && state.driver.hop !== undefined ? askForHop(state, buffer, target, op) : DONE;
  if (outcome === DONE && buffer.busy) outcome = waitBeforeMove(state, buffer, from, target, op);
  if (outcome !== DONE) return outcome;
  if (buffer.mappings !== null) unmapIfStale(state, buffer, to);
  outcome = prepareTable(state, buffer, from, target, op);
  if (outcome === DONE) outcome = travel(state, buffer, from, target, to, evict && mayHop, op);
  if (outcome !== DONE) dropUnusedTable(state, buffer, from, hadTable, outcome);
  else if (op.copy !== null) waitForCopy(state, buffer, op.copy, evict && mayHop, op);
  return outcome;
}

function askForHop(state: DeviceState, buffer: BufferRecord, target: MemoryType, op: Operation): Outcome {
  const origin = originOf(state, buffer);
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
function waitBeforeMove(
  state: DeviceState,
  buffer: BufferRecord,
  from: MemoryType | null,
  target: MemoryType,
  op: Operation,
): Outcome {
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

/** As in the kernel, a failure also takes the table that a buffer in fixed memory had, which is of no use there. */
function dropUnusedTable(
  state: DeviceState,
  buffer: BufferRecord,
  from: MemoryType | null,
  hadTable: boolean,
  outcome: Outcome,
): void {
  const isUnused = !hadTable || (from?.fixed === true && outcome !== BLOCKED);
  if (!isUnused || buffer.tt === null) return;
  emptyTable(state, buffer, buffer.tt);
  buffer.tt = null;
}

/** Takes the pages of users' maps away if the move changes which pages they see, or their caching. */
function unmapIfStale(state: DeviceState, buffer: BufferRecord, to: number): void {
  const { type: from, resource: old } = buffer;
  if (from === null) return;
  const { resources } = state;
  const before = resources.caching(old);
  const caching = resources.caching(to);
  const isStale = before !== caching || isAperture(from, before) || isAperture(resources.place(to).type, caching);
  if (isStale) unmapVirtual(state, buffer);
}

/**
 * Outside fixed memory a buffer needs a table. Its pages must be populated if the device sees them, if bytes are copied
 * to them, or if bytes in the swap store, or being written to it, are moved from them.
 */
function prepareTable(
  state: DeviceState,
  buffer: BufferRecord,
  from: MemoryType | null,
  target: MemoryType,
  op: Operation,
): Outcome {
  const { movesBytes } = state;
  const { tt } = buffer;
  if (target.fixed) {
    const isAway = tt !== null && (tt.swapped || tt.transfer?.signalled === false);
    return isAway && movesBytes ? populate(state, buffer, tt, op) : DONE;
  }
  if (tt === null && !createTable(state, buffer, op)) return ENOMEM;
  const bytesArrive = movesBytes && from?.fixed === true;
  if (buffer.tt === null || (target.isSystem && !bytesArrive)) return DONE;
  return populate(state, buffer, buffer.tt, op, !bytesArrive);
}

/** Whether a clean buffer needs no copy, since a store has its bytes and is read when they are needed. */
function isDropped({ resources }: DeviceState, { type }: BufferRecord, to: number): boolean {
  return type?.fixed === true && resources.place(to).type.isSystem;
}

/** Leaves the bytes behind. The driver is told as of a buffer that is purged and placed again. */
function drop(state: DeviceState, buffer: BufferRecord, to: number, op: Operation): Outcome {
  const { driver, resources } = state;
  op.copy = null;
  const mayBeBusy = state.orderedMoves && state.pipelinesEvictions;
  const idle = mayBeBusy ? DONE : op.waitForAll(buffer.reservation);
  if (idle !== DONE) return idle;
  unmapIfStale(state, buffer, to);
  if (buffer.tt === null) createTable(state, buffer, op);
  if (buffer.tt === null) return ENOMEM;
  buffer.tt.swap = buffer.stored;
  buffer.reservation.reserveFence();
  driver.moveNotify?.(buffer, buffer.memoryType, null);
  driver.moveNotify?.(buffer, null, resources.place(to).type.name);
  buffer.tt.setCaching(resources.caching(to));
  // Nothing is copied out of the range, but work may still use it.
  for (const work of buffer.reservation.allPending()) buffer.type?.moveFences.add(work);
  // What was lost on the device is not lost in the store.
  buffer.contents = { lost: undefined };
  return DONE;
}

/** Adds the copy's fence to the buffer. An eviction that is not pipelined ends only when its copy has ended. */
function waitForCopy(state: DeviceState, buffer: BufferRecord, fence: Fence, evict: boolean, op: Operation): void {
  buffer.reservation.fences.add(fence, "kernel");
  if (!evict) return;
  if (isPipelined(state, buffer)) {
    buffer.type?.moveFences.add(fence);
    return;
  }
  for (const earlier of buffer.reservation.allPending()) op.waitForOwn(earlier);
  op.ownCopy = fence.signalled ? null : fence;
}

/** Whether the place that an eviction leaves may be allocated again before the copy has ended. */
function isPipelined({ pipelinesEvictions }: DeviceState, { type }: BufferRecord): boolean {
  return type?.fixed === true && pipelinesEvictions;
}

/** Gives the buffer the new resource and frees the old one, now or when the copy out of it has ended. */
function commit(
  state: DeviceState,
  buffer: BufferRecord,
  to: number,
  evict: boolean,
  mayHop: boolean,
  op: Operation,
): void {
  const { resources } = state;
  const old = buffer.resource;
  // A buffer without an old place keeps its table, if any, unless the bytes in it have been moved.
  const leavesTable = resources.place(to).type.fixed && (old >= 0 || hasContents(buffer));
  const leavingTable = leavesTable ? buffer.tt : null;
  // Leaving a hop is not an eviction.
  const why = evict && old >= 0 && !resources.place(old).temporary ? "evicted" : "moved";
  if (buffer.mappings !== null) endKernelMaps(buffer.mappings);
  if (op.copy !== null) leaveBehindCopy(state, buffer, leavingTable, op.copy, evict && mayHop, why);
  else {
    if (leavingTable !== null) emptyTable(state, buffer, leavingTable);
    if (old >= 0) freeResource(state, old, why);
  }
  if (leavingTable !== null) buffer.tt = null;
  buffer.occupy(to);
  if (!buffer.wasEvicted) return;
  state.driver.invalidateCaches?.(buffer);
  buffer.wasEvicted = false;
}

/** A copy that is under way reads from the old place and the table. */
function leaveBehindCopy(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable | null,
  copy: Fence,
  isEviction: boolean,
  why: RemovalReason,
): void {
  const { resource: old } = buffer;
  loseContentsIfItFails(buffer, copy);
  if (!copy.signalled && old >= 0 && !(isEviction && isPipelined(state, buffer))) {
    return leaveToGhost(state, buffer, table, onlyThat(copy), why);
  }
  // Without an old place no ghost object keeps the table.
  if (table !== null && copy.signalled) emptyTable(state, buffer, table);
  else if (table !== null) copy.onSignal(() => emptyTable(state, buffer, table));
  if (old >= 0) freeResource(state, old, why);
}

function onlyThat(copy: Fence): FenceList {
  const copies = new FenceList();
  copies.add(copy, "kernel");
  return copies;
}

function loseContentsIfItFails(buffer: BufferRecord, copy: Fence): void {
  const { contents } = buffer;
  copy.observe((error) => {
    if (error !== undefined && buffer.contents === contents) buffer.lose(error);
  });
}

function trace(
  state: DeviceState,
  buffer: BufferRecord,
  to: number,
  evict: boolean,
  dropped: boolean,
  outcome: Outcome,
  op: Operation,
): void {
  const { clock, resources, tracer } = state;
  const { resource: old, type: from } = buffer;
  const event = state.tracedMove ??= new TracedMove(clock, buffer, op);
  event.buffer = buffer;
  event.evict = evict;
  event.dropped = dropped;
  if (from === null) event.from = null;
  else event.comesFrom(from, resources.start(old));
  event.to.at(resources.place(to).type, resources.start(to));
  event.failure = outcome === DONE ? null : outcome === EMULTIHOP ? "EMULTIHOP" : codeOf(outcome);
  event.fence = outcome === DONE ? op.copy : null;
  event.forBuffer = op.forBuffer;
  event.operation = op;
  event.eviction = evict ? op.evictionCause : null;
  tracer.move?.(event);
}
