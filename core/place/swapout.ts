import type { BufferRecord } from "../state/buffer_record.ts";
import { crc32 } from "../base/checksum.ts";
import { reapForRoom } from "./destroy.ts";
import { isProtected } from "../groups/shield.ts";
import type { DeviceState } from "../state/device_state.ts";
import { dropMaps } from "../memory/io_memory.ts";
import { moveToSystem } from "./make_room.ts";
import type { MemoryType } from "../state/memory_type.ts";
import type { Operation } from "../state/operation.ts";
import { BLOCKED, DONE, EBUSY, EIO, ENODEV, type Outcome } from "../base/outcome.ts";
import { unpopulate } from "../memory/populate.ts";
import type { PassedOverReason } from "../contract/traced_eviction.ts";
import { beginSearch } from "./victims.ts";
import { beginTransfer } from "../memory/swap_in.ts";
import { isPromise, nextSwapKey } from "../contract/swap_store.ts";
import type { SwappedPages, TranslationTable } from "../contract/translation_table.ts";

/**
 * Swaps buffers of a device out (`ttm_device_swapout`): the oldest of the first memory type that has any, SYSTEM first.
 * Pages that an earlier attempt of the operation has freed count.
 *
 * @returns The pages freed, at least those of one buffer if there is one; 0 without; or how the attempt ended.
 */
export function swapOutDevice(state: DeviceState, op: Operation): number | Outcome {
  for (const type of state.types) {
    if (type.fixed) continue;
    const freed = swapOutType(state, type, 1, op);
    if (freed !== 0) return freed;
  }
  return 0;
}

/**
 * Swaps buffers of one memory type out, lowest priority and oldest first, until so many pages are freed
 * (`ttm_bo_swapout`). Buffers that are reserved, pinned, imported or already swapped out are passed over, and those
 * whose work must not be waited for or whose move or write fails.
 */
export function swapOutType(state: DeviceState, type: MemoryType, target: number, op: Operation): number | Outcome {
  const walk = state.order.walkToSwapOut(type);
  // A victim that gets no further than a stop in this type joins again. The dying, ghosts of this walk among them, do not.
  let left = type.residents - state.order.leftOut(type);
  const outer = op.search;
  const search = op.search = beginSearch(state, op, op.forBuffer, target);
  try {
    for (let row = walk.next(); row >= 0 && op.freedPages < target; row = walk.next()) {
      const buffer = state.resources.buffer(row);
      if (buffer === null) continue;
      search?.visit(buffer);
      if (!buffer.isDying && left-- === 0) break;
      if (!hasPages(buffer)) {
        search?.passOver(buffer, "nothing to swap out");
        // A buffer that is being moved has two resources, and only one may be left out until its table has pages.
        const isPresent = buffer.resource === row;
        if (isPresent && buffer.tt !== null && !buffer.isDying) state.order.leaveOut(row, buffer.tt);
        continue;
      }
      const kept = whyKept(buffer, type, op);
      if (kept !== null) {
        search?.passOver(buffer, kept);
        continue;
      }
      const outcome = swapOutVictim(state, buffer, op);
      if (outcome === BLOCKED) return BLOCKED;
      if (outcome !== DONE) {
        op.passOver(outcome);
        search?.passOver(buffer, outcome === EBUSY ? "busy" : "cannot be moved");
      }
      // An asynchronous store is writing this one; one at a time is enough.
      if (buffer.tt?.transfer?.signalled === false) break;
    }
  } finally {
    walk.close();
    op.search = outer;
  }
  const freed = op.freedPages;
  op.freedPages = 0;
  return freed;
}

function hasPages({ tt }: BufferRecord): boolean {
  return tt !== null && tt.populated && !tt.external;
}

/** Why a buffer with pages cannot be swapped out; null if it can. The min of its group holds against others only. */
function whyKept(buffer: BufferRecord, type: MemoryType, { forBuffer, siblings }: Operation): PassedOverReason | null {
  const { pins, reservation } = buffer;
  if (pins > 0) return "pinned";
  const isForOthers = forBuffer !== null && !type.isSystem && !buffer.isDying;
  if (isForOthers && isProtected(buffer, forBuffer.group, type.index, "min")) return "protected";
  return reservation.locked && reservation !== siblings ? "reserved" : null;
}

function swapOutVictim(state: DeviceState, buffer: BufferRecord, op: Operation): Outcome {
  const { reservation, pages } = buffer;
  if (buffer.isDying) {
    const idle = op.waitForAll(reservation);
    if (idle !== DONE || buffer.row < 0) return idle;
    op.freedPages += pages;
    reapForRoom(state, buffer);
    return DONE;
  }
  if (reservation.locked) return swapOutLocked(state, buffer, op);
  reservation.tryLock();
  try {
    return swapOutLocked(state, buffer, op);
  } finally {
    reservation.release();
  }
}

function swapOutLocked(state: DeviceState, buffer: BufferRecord, op: Operation): Outcome {
  const left = buffer.type?.isSystem === true ? DONE : moveToSystem(state, buffer, op);
  // A move through a hop may have given it another table.
  const { tt } = buffer;
  if (left !== DONE || tt === null) return left;
  const idle = op.waitForAll(buffer.reservation);
  if (idle !== DONE) return idle;
  state.driver.swapNotify?.(buffer);
  return swapOutTable(state, buffer, tt, op);
}

/**
 * Frees the pages of an idle buffer (`ttm_tt_swapout`), after they have been written to a store that does not have them
 * yet. If that fails they stay.
 */
function swapOutTable(state: DeviceState, buffer: BufferRecord, table: TranslationTable, op: Operation): Outcome {
  if (op.hasSeenFail(table.transfer)) return EIO;
  const { stored } = buffer;
  const complete = ({ store, key, length, checksum, persistent }: SwappedPages) => {
    if (persistent && stored !== null) stored.checksum = checksum;
    if (persistent) buffer.becomeClean();
    table.swap = { store, key, length, checksum, persistent };
    unpopulate(state, table);
    op.freedPages += table.pages;
    state.tracer.swapOut?.(buffer, op);
  };
  if (stored !== null && buffer.clean) {
    dropMaps(state, buffer);
    complete(stored);
    return DONE;
  }
  const bytes = table.encode();
  if (bytes === null) return ENODEV;
  dropMaps(state, buffer);
  const swap = swapFor(state, buffer, bytes);
  let written;
  try {
    written = swap.store.write(swap.key, swap.bytes);
  } catch (error) {
    return op.fail(error, EIO);
  }
  if (!isPromise(written)) {
    complete(swap);
    return DONE;
  }
  const fence = beginTransfer(buffer, table);
  written.then(() => complete(swap), (error) => op.noteFailed(fence, error)).then(() => fence.end());
  return op.waitForOwn(fence);
}

/** What is written of contents that have changed, and where to: under the key that they come from if that can be written. */
function swapFor(state: DeviceState, { stored, bytes: length }: BufferRecord, contents: Uint8Array) {
  const home = stored?.store.readOnly === true ? undefined : stored?.store;
  const bytes = home === undefined ? contents : contents.subarray(0, length);
  return {
    store: home ?? state.store,
    key: home === undefined || stored === null ? nextSwapKey() : stored.key,
    bytes,
    length: bytes.length,
    checksum: crc32(bytes),
    persistent: home !== undefined,
  };
}
