import type { BufferObject } from "./buffer_object.ts";
import { leaveToGhost } from "./destroy.ts";
import type { DeviceState } from "./device_state.ts";
import type { Operation } from "./operation.ts";
import { DONE, ENOMEM, type Outcome } from "./outcome.ts";
import { freeResource } from "./resource.ts";
import { createTable, emptyTable } from "./tables.ts";

/**
 * Takes place and contents from a buffer, pinned or not; it reads as zero when it is placed again
 * (`ttm_bo_pipeline_gutting`). Work that still uses the memory keeps it in a ghost.
 */
export function purge(state: DeviceState, buffer: BufferObject, op: Operation): Outcome {
  const row = state.buffers.resource(buffer.row);
  if (row >= 0) {
    state.driver.moveNotify?.(buffer, state.resources.place(row).type.name, null);
    const fences = buffer.reservation.fences.allPending();
    if (fences.length > 0) {
      leaveToGhost(state, buffer, buffer.tt, fences);
      buffer.tt = null;
    } else {
      state.buffers.setResource(buffer.row, -1);
      freeResource(state, row);
      if (buffer.tt !== null) emptyTable(state, buffer, buffer.tt);
    }
    state.tracer.purge?.(buffer);
  }
  buffer.lost = undefined;
  buffer.wasEvicted = false;
  return buffer.tt !== null || createTable(state, buffer, op) ? DONE : ENOMEM;
}
