import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { show } from "../base/arguments.ts";
import { isPostponed, type Location, type Postponed } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import type { RemovalReason } from "../contract/eviction_policy.ts";
import { Fence } from "../lock/fence.ts";
import { cpuWindows } from "../memory/io_memory.ts";
import { moveMemcpy } from "../contract/move_memcpy.ts";
import type { MemoryType } from "../state/memory_type.ts";
import type { Operation } from "../state/operation.ts";
import { BLOCKED, DONE, EIO, type Outcome } from "../base/outcome.ts";
import { bind, unbind } from "../memory/bind.ts";
import type { TranslationTable } from "../contract/translation_table.ts";

/** One move of a buffer between places. */
export interface Transition {
  readonly buffer: BufferRecord;
  /** The row of the present resource; -1 without a place. */
  readonly old: number;
  /** Null without a place. */
  readonly from: MemoryType | null;
  /** The memory type of its bytes: that of its place, or SYSTEM for imported pages without a place; else null. */
  readonly origin: MemoryType | null;
  readonly target: MemoryType;
  /** The row of the new resource. */
  readonly to: number;
  readonly evict: boolean;
  /** Whether the bytes are dropped: a store has them, and is read when they are needed. */
  readonly drops: boolean;
  /** The reason for removing the old place. */
  readonly why: RemovalReason;
  /** The fence of the copy; null if there is nothing to wait for. */
  fence: Fence | null;
  /** Whether the old place may be allocated again before the copy has ended. */
  pipelined: boolean;
}

const NOTHING: readonly Fence[] = [];

/**
 * Moves the contents of a buffer to its new place: by a copy if one of both places is fixed memory, else by binding
 * its pages. The fence of an unfinished copy is stored in `move`. After a failure caching and bindings are
 * as before.
 */
export function travel(state: DeviceState, move: Transition, op: Operation): Outcome {
  const { buffer, from, target } = move;
  const table = target.fixed ? null : buffer.tt;
  const oldCaching = table?.cachingBit;
  table?.setCaching(state.resources.caching(move.to));
  const outcome = move.drops
    ? DONE
    : target.fixed || from?.fixed === true
    ? copy(state, move, op)
    : rebind(state, move, op);
  if (outcome !== DONE && oldCaching !== undefined) table?.setCaching(oldCaching);
  return outcome;
}

function copy(state: DeviceState, move: Transition, op: Operation): Outcome {
  const { buffer, target } = move;
  const start = state.resources.start(move.to);
  const table = target.fixed ? null : buffer.tt;
  if (table !== null && !target.isSystem) {
    const bound = bind(state, buffer, table, target.name, start, op);
    if (bound !== DONE) return bound;
  }
  // Lost contents must not be written to the exporter's array.
  if (table !== null && buffer.imported !== null && buffer.lost !== undefined) return DONE;
  try {
    const request = {
      buffer,
      pages: buffer.pages,
      source: sourceOf(state, move),
      destination: { memoryType: target.name, start, table },
      evict: move.evict,
      after: state.orderedMoves ? buffer.reservation.allPending() : NOTHING,
    };
    const { driver } = state;
    const result = driver.move === undefined ? moveMemcpy(cpuWindows(state), request) : driver.move(request);
    if (result === undefined) return DONE;
    if (result instanceof Fence) {
      move.fence = result;
      return DONE;
    }
    if (table !== null) unbind(state, buffer, table);
    return waitToRetry(op, result, driver.name, "move");
  } catch (error) {
    if (table !== null) unbind(state, buffer, table);
    return op.fail(error, EIO);
  }
}

/** After an answer that is neither nothing nor a fence: waits until the driver can be asked again. */
export function waitToRetry(op: Operation, answer: Postponed, driver: string, member: string): Outcome {
  if (!isPostponed(answer)) {
    const why = `driver "${driver}" returned ${show(answer)} from ${member}; { retryAfter: fence } postpones it`;
    return op.fail(new TtmError("EINVAL", why), EIO);
  }
  const { retryAfter } = answer;
  if (retryAfter.signalled) {
    const why = `driver "${driver}" postpones ${member} until ${retryAfter}, which has signalled`;
    return op.fail(new TtmError("EINVAL", why), EIO);
  }
  const outcome = op.waitFor(retryAfter);
  if (outcome !== DONE) return outcome;
  // It has signalled since, and nothing has been done yet.
  op.blockedOn = retryAfter;
  return BLOCKED;
}

/** The location of the bytes; null if no page of the buffer has been populated. */
function sourceOf({ resources }: DeviceState, { buffer, old, origin }: Transition): Location | null {
  if (origin === null) return null;
  const table = origin.fixed ? null : buffer.tt;
  if (!origin.fixed && table?.populated !== true) return null;
  return { memoryType: origin.name, start: old < 0 ? 0 : resources.start(old), table };
}

/** Changes the binding of the pages; if the new binding fails the old one is restored. */
function rebind(state: DeviceState, move: Transition, op: Operation): Outcome {
  const { buffer, from, target, to } = move;
  const table = buffer.tt;
  if (table === null) return DONE;
  if (state.rebinds) {
    const outcome = rebindInOneStep(state, move, table, op);
    if (outcome !== null) return outcome;
    const isBound = from !== null && !from.isSystem;
    const idle = isBound ? op.waitForAll(buffer.reservation) : DONE;
    if (idle !== DONE) return idle;
  }
  const { boundTo, boundAt } = table;
  unbind(state, buffer, table);
  if (target.isSystem) return DONE;
  const outcome = bind(state, buffer, table, target.name, state.resources.start(to), op);
  if (outcome !== DONE && boundTo !== null) bind(state, buffer, table, boundTo, boundAt, op);
  return outcome;
}

/** Asks the driver to rebind; null if it requires an idle buffer. */
function rebindInOneStep(state: DeviceState, move: Transition, table: TranslationTable, op: Operation): Outcome | null {
  const { buffer, target } = move;
  const { driver } = state;
  const start = state.resources.start(move.to);
  try {
    const after = buffer.reservation.allPending();
    const { evict } = move;
    const result = driver.rebind?.({ buffer, table, memoryType: target.name, start, evict, after });
    if (result === "when idle") return null;
    if (result !== undefined && !(result instanceof Fence)) {
      throw new TtmError("EINVAL", `driver "${driver.name}" returned neither a fence nor "when idle" from rebind`);
    }
    move.fence = result ?? null;
  } catch (error) {
    return op.fail(error, EIO);
  }
  if (target.isSystem) table.noteUnbound();
  else table.noteBound(target.name, start);
  return DONE;
}
