import type { BufferRecord } from "../state/buffer_record.ts";
import { crc32 } from "../base/checksum.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { TransferFence } from "../lock/transfer_fence.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, EIO, type Outcome } from "../base/outcome.ts";
import { uncount } from "./page_account.ts";
import { isPromise } from "../contract/swap_store.ts";
import type { SwappedPages, TranslationTable } from "../contract/translation_table.ts";
import { PAGE_SIZE } from "../base/units.ts";

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
    read = swap.store.read(swap.key);
    if (!isPromise(read)) {
      install(state, buffer, table, swap, read, op);
      return DONE;
    }
  } catch (error) {
    return op.fail(error, EIO);
  }
  // The pages that are on their way stay accounted for.
  const fence = beginTransfer(buffer, table);
  read.then((bytes) => install(state, buffer, table, swap, bytes, op))
    .then(() => fence.end(), (error) => {
      uncount(state, table);
      fence.end(error ?? new Error("the store failed"));
    });
  return op.waitForOwn(fence);
}

/**
 * Adds the fence of a transfer from or to the swap store. Transfers of several buffers end in any order, so each has
 * its own timeline.
 */
export function beginTransfer(buffer: BufferRecord, table: TranslationTable): TransferFence {
  const fence = new TransferFence(`swap of ${buffer}`);
  table.transfer = fence;
  buffer.reservation.reserveFence();
  buffer.reservation.fences.add(fence, "kernel");
  return fence;
}

function install(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable,
  swap: SwappedPages,
  bytes: Uint8Array,
  op: Operation,
): void {
  const { name } = swap.store;
  if (!(bytes instanceof Uint8Array) || bytes.length !== swap.length) {
    const found = bytes instanceof Uint8Array ? `${bytes.length} bytes` : "no bytes";
    throw new TtmError("EIO", `store "${name}" returned ${found} for ${buffer} under ${swap.key}, not ${swap.length}`);
  }
  const checksum = crc32(bytes);
  if (swap.checksum !== null && checksum !== swap.checksum) {
    throw new TtmError("EIO", `store "${name}" returned other bytes for ${buffer} than it had as ${swap.key}`);
  }
  // The contents were discarded during the read.
  if (table.swap !== swap) return;
  if (swap.persistent && buffer.stored !== null) buffer.stored.checksum = checksum;
  table.restore(swap.persistent ? wholePages(bytes, table.pages) : bytes);
  state.tracer.swapIn?.(buffer, op);
  forgetSwap(table);
}

/** A store has the bytes of the caller, whose last page may be a part of one. */
function wholePages(bytes: Uint8Array, pages: number): Uint8Array {
  if (bytes.length === pages * PAGE_SIZE) return bytes;
  const whole = new Uint8Array(pages * PAGE_SIZE);
  whole.set(bytes);
  return whole;
}

/** Discards the contents of a table in the swap store, unless their key belongs to the user. */
export function forgetSwap(table: TranslationTable): void {
  const { swap } = table;
  table.swap = null;
  if (swap === null || swap.persistent || swap.store.readOnly === true) return;
  Promise.resolve(swap.store.delete(swap.key)).catch(() => {});
}
