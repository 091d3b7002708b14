import type { BufferRecord } from "./buffer_record.ts";
import type { DeviceState } from "./device_state.ts";
import { makeRoom } from "./evict.ts";
import type { Operation } from "./operation.ts";
import { EBUSY, EDEADLK, ENOSPC, type Outcome } from "./outcome.ts";
import type { PreparedPlace, PreparedPlacement } from "./placement.ts";
import { allocateResource, freeResource, inheritMoveFences } from "./resource.ts";

/**
 * Takes room for a buffer in the first place that has some, evicting others if `force` is set
 * (`ttm_bo_alloc_resource`).
 *
 * @returns The row of the resource, ENOSPC when no place has room, or what stopped the search.
 */
export function allocateAmong(
  state: DeviceState,
  buffer: BufferRecord,
  places: readonly PreparedPlace[],
  force: boolean,
  op: Operation,
): number | Outcome {
  buffer.reservation.fences.reserve(1);
  for (const place of places) {
    const { type } = place;
    if (!type.usable || (place.cachingMask & type.availableCaching) === 0) continue;
    let row = allocateResource(state, buffer, place, force, op);
    if (row === ENOSPC && force && !type.isSystem) row = makeRoom(state, buffer, place, op);
    if (row === ENOSPC || row === EBUSY) continue;
    // Other places would be tried with the same locks held; the caller has to give them up first.
    if (row === EDEADLK) return ENOSPC;
    if (row < 0 || inheritMoveFences(type, buffer, op) !== EBUSY) return row;
    freeResource(state, row, "freed");
  }
  return ENOSPC;
}

/** Takes room without evicting if there is some, else by evicting (`ttm_bo_mem_space`). */
export function memSpace(
  state: DeviceState,
  buffer: BufferRecord,
  placement: PreparedPlacement,
  op: Operation,
): number | Outcome {
  const row = allocateAmong(state, buffer, placement.places, false, op);
  return row === ENOSPC ? allocateAmong(state, buffer, placement.busyPlaces, true, op) : row;
}
