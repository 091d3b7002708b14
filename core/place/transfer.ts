import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { show } from "../base/arguments.ts";
import { isPostponed, type Location, type Postponed } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import { Fence } from "../lock/fence.ts";
import { cpuWindows } from "../memory/io_memory.ts";
import { moveMemcpy } from "../contract/move_memcpy.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { Operation } from "../state/operation.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import { bind, unbind } from "../memory/bind.ts";
import type { TranslationTable } from "../contract/translation_table.ts";

const { BLOCKED, DONE, EIO } = outcomes;

const NOTHING: readonly Fence[] = [];

/**
 * Moves the contents of a buffer to its new place: by a copy if one of both places is fixed memory, else by binding
 * its pages. The fence of an unfinished copy is stored in `op`. After a failure caching and bindings are as before.
 */
export function travel(
  state: DeviceState,
  buffer: BufferRecord,
  from: MemoryType | null,
  target: MemoryType,
  to: number,
  evict: boolean,
  op: Operation,
): Outcome {
  const { driver } = state;
  op.copy = null;
  buffer.reservation.reserveFence();
  if (driver.moveNotify !== undefined) driver.moveNotify(buffer, from === null ? null : from.name, target.name);
  const table = target.fixed ? null : buffer.tt;
  const oldCaching = table === null ? 0 : table.cachingBit;
  if (table !== null) table.setCaching(state.resources.caching(to));
  const outcome = target.fixed || from?.fixed === true
    ? copy(state, buffer, from, target, to, evict, op)
    : rebind(state, buffer, from, target, to, evict, op);
  if (outcome !== DONE) {
    table?.setCaching(oldCaching);
    driver.moveNotify?.(buffer, target.name, from?.name ?? null);
  }
  return outcome;
}

function copy(
  state: DeviceState,
  buffer: BufferRecord,
  from: MemoryType | null,
  target: MemoryType,
  to: number,
  evict: boolean,
  op: Operation,
): Outcome {
  const { driver } = state;
  const start = state.resources.start(to);
  const table = target.fixed ? null : buffer.tt;
  if (table !== null && !target.isSystem) {
    const bound = bind(state, buffer, table, target.name, start, op);
    if (bound !== DONE) return bound;
  }
  // Lost contents must not be written to the exporter's array.
  if (buffer.imported !== null && table !== null && buffer.lost !== undefined) return DONE;
  try {
    const request = {
      buffer,
      pages: buffer.pages,
      source: sourceOf(state, buffer, from),
      destination: { memoryType: target.name, start, table },
      evict,
      after: state.orderedMoves ? buffer.reservation.allPending() : NOTHING,
    };
    const result = driver.move === undefined ? moveMemcpy(cpuWindows(state), request) : driver.move(request);
    if (result === undefined) return DONE;
    if (result instanceof Fence) {
      op.copy = result;
      return DONE;
    }
    return notMoved(state, buffer, table, waitToRetry(op, result, driver.name, "move"));
  } catch (error) {
    return notMoved(state, buffer, table, op.fail(error, EIO));
  }
}

function notMoved(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable | null,
  outcome: Outcome,
): Outcome {
  if (table !== null) unbind(state, buffer, table);
  return outcome;
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
function sourceOf(state: DeviceState, buffer: BufferRecord, from: MemoryType | null): Location | null {
  const { tt: table } = buffer;
  const start = buffer.start ?? 0;
  if (from !== null && from.fixed) return { memoryType: from.name, start, table: null };
  if (table === null || !table.populated) return null;
  const origin = from ?? originOf(state, buffer);
  return origin === null ? null : { memoryType: origin.name, start, table };
}

/** The memory type of its bytes: that of its place, or SYSTEM for contents without a place; else null. */
export function originOf({ systemPlace }: DeviceState, buffer: BufferRecord): MemoryType | null {
  return buffer.type ?? (hasContents(buffer) ? systemPlace.type : null);
}

/** Whether a buffer that has no place yet has contents all the same. */
export function hasContents({ imported, stored }: BufferRecord): boolean {
  return imported !== null || stored !== null;
}

/** Changes the binding of the pages; if the new binding fails the old one is restored. */
function rebind(
  state: DeviceState,
  buffer: BufferRecord,
  from: MemoryType | null,
  target: MemoryType,
  to: number,
  evict: boolean,
  op: Operation,
): Outcome {
  const table = buffer.tt;
  if (table === null) return DONE;
  if (state.rebinds) {
    const outcome = rebindInOneStep(state, buffer, target, to, evict, table, op);
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
function rebindInOneStep(
  state: DeviceState,
  buffer: BufferRecord,
  target: MemoryType,
  to: number,
  evict: boolean,
  table: TranslationTable,
  op: Operation,
): Outcome | null {
  const { driver } = state;
  const start = state.resources.start(to);
  try {
    const after = buffer.reservation.allPending();
    const result = driver.rebind?.({ buffer, table, memoryType: target.name, start, evict, after });
    if (result === "when idle") return null;
    if (result !== undefined && !(result instanceof Fence)) {
      throw new TtmError("EINVAL", `driver "${driver.name}" returned neither a fence nor "when idle" from rebind`);
    }
    op.copy = result ?? null;
  } catch (error) {
    return op.fail(error, EIO);
  }
  if (target.isSystem) table.noteUnbound();
  else table.noteBound(target.name, start);
  return DONE;
}
