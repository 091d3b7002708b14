import type { BufferRecord } from "../state/buffer_record.ts";
import { crc32 } from "../base/checksum.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { type Fence, FenceContext } from "../lock/fence.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, EIO, type Outcome } from "../base/outcome.ts";
import { countPages } from "./page_account.ts";
import { isPromise } from "../contract/swap_store.ts";
import type { SwappedPages, TranslationTable } from "../contract/translation_table.ts";

/**
 * Reads the contents of a table back from the swap store (`ttm_tt_swapin`). After a failed read they stay swapped out,
 * and another call tries again. All callers that wait share one read of an asynchronous store.
 */
export function swapIn(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable,
  swap: SwappedPages,
  op: Operation,
): Outcome {
  if (op.hasSeenFail(table.transfer)) return op.fail(table.transfer?.error, EIO);
  let read;
  try {
    read = state.store.read(swap.key);
    if (!isPromise(read)) {
      install(state, buffer, table, swap, read);
      return DONE;
    }
  } catch (error) {
    return op.fail(error, EIO);
  }
  const fence = beginTransfer(buffer, table);
  read.then((bytes) => install(state, buffer, table, swap, bytes) && countPages(state, table))
    .then(() => fence.signal(), (error) => fence.signal(error ?? new Error("the store failed")));
  return op.waitForOwn(fence);
}

/**
 * Adds the fence of a transfer from or to the swap store. Transfers of several buffers end in any order, so each has
 * its own timeline.
 */
export function beginTransfer(buffer: BufferRecord, table: TranslationTable): Fence {
  const fence = new FenceContext(`swap of ${buffer}`).next();
  table.transfer = fence;
  buffer.reservation.fences.reserve(1);
  buffer.reservation.fences.add(fence, "kernel");
  return fence;
}

function install(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable,
  swap: SwappedPages,
  bytes: Uint8Array,
): boolean {
  if (!(bytes instanceof Uint8Array) || bytes.length !== swap.length || crc32(bytes) !== swap.checksum) {
    const { name } = state.store;
    throw new TtmError("EIO", `store "${name}" returned other bytes for ${buffer} than were written as ${swap.key}`);
  }
  // The contents were discarded during the read.
  if (table.swap !== swap) return false;
  table.restore(bytes);
  state.tracer.swapIn?.(buffer);
  forgetSwap(state, table);
  return true;
}

/** Discards the contents of a table in the swap store, unless their key belongs to the user. */
export function forgetSwap(state: DeviceState, table: TranslationTable): void {
  const { swap } = table;
  table.swap = null;
  if (swap === null || swap.persistent) return;
  Promise.resolve(state.store.delete(swap.key)).catch(() => {});
}
