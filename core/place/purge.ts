import type { BufferRecord } from "../state/buffer_record.ts";
import { leaveToGhost } from "./destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { RemovalReason } from "../contract/eviction_policy.ts";
import { dropMaps } from "../memory/io_memory.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, ENOMEM, type Outcome } from "../base/outcome.ts";
import { freeResource } from "./allocation.ts";
import { createTable, emptyTable } from "../memory/bind.ts";

/**
 * Drops place and contents of a buffer, pinned or not; when it is placed again it reads as zero
 * (`ttm_bo_pipeline_gutting`), as the array of its exporter if it is imported, or as its store's bytes if it was born
 * from a store. Work that still uses the memory keeps it in a ghost object.
 */
export function purge(
  state: DeviceState,
  buffer: BufferRecord,
  op: Operation,
  why: RemovalReason = "freed",
): Outcome {
  const row = buffer.resource;
  const old = buffer.tt;
  // Until a write to the store has ended, nobody knows what is under the key.
  const written = buffer.stored === null || old === null ? DONE : op.waitFor(old.transfer);
  if (written !== DONE) return written;
  const isBusy = buffer.reservation.pending() !== null;
  // First the table that the buffer is left with: if there is none the buffer must stay unchanged.
  // Imported pages keep their bytes.
  if (old === null || isBusy || buffer.imported !== null) {
    buffer.tt = null;
    if (!createTable(state, buffer, op)) {
      buffer.tt = old;
      return ENOMEM;
    }
  }
  dropMaps(state, buffer);
  const losesSomething = row >= 0 || old?.populated === true || old?.swapped === true;
  if (row >= 0) {
    state.tracer.free?.(buffer);
    state.driver.moveNotify?.(buffer, state.resources.place(row).type.name, null);
  }
  if (isBusy) {
    leaveToGhost(state, buffer, old, buffer.reservation.fences, why);
  } else {
    buffer.occupy(-1);
    if (row >= 0) freeResource(state, row, why);
    if (old !== null) emptyTable(state, buffer, old);
  }
  // What is born from a store is as it was born.
  if (buffer.stored !== null && buffer.tt !== null) {
    buffer.tt.swap = buffer.stored;
    buffer.becomeClean();
  }
  if (losesSomething) state.tracer.purge?.(buffer, op);
  buffer.contents = { lost: undefined };
  buffer.wasEvicted = false;
  return DONE;
}
