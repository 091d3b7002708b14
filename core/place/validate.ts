import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import * as room from "./make_room.ts";
import type { Operation } from "../state/operation.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import type { PreparedPlace, PreparedPlacement } from "../resource/prepared_placement.ts";
import { purge } from "./purge.ts";
import { restoreFromStore } from "./restore.ts";
import { noRoomFigures } from "./no_room.ts";

const { DONE, EINVAL, ENOSPC } = outcomes;
const { allocateAmong, moveThroughHops } = room;

/**
 * One attempt to move a reserved buffer into one of its places (`ttm_bo_validate`): first without evicting,
 * then with evicting. A buffer that is already in a place of the list stays there.
 */
export function validate(
  state: DeviceState,
  buffer: BufferRecord,
  placement: PreparedPlacement,
  op: Operation,
): Outcome {
  if (placement.isEmpty) return purge(state, buffer, op);
  const { places, busyPlaces } = placement;
  const restored = buffer.lost === undefined ? DONE : restoreFromStore(state, buffer, op);
  if (restored !== DONE) return restored;
  if (isInOneOf(state, buffer, places)) {
    buffer.settledFor = placement;
    return DONE;
  }
  if (buffer.pins > 0) return EINVAL;
  let row = placement.isOnePlace ? ENOSPC : allocateAmong(state, buffer, places, false, op);
  if (row === ENOSPC) {
    if (busyPlaces !== places && isInOneOf(state, buffer, busyPlaces)) return DONE;
    row = allocateAmong(state, buffer, busyPlaces, true, op);
    if (row === ENOSPC) return findsNoRoom(state, buffer, placement, op);
  }
  return row < 0 ? row : moveThroughHops(state, buffer, row, false, op);
}

function findsNoRoom(state: DeviceState, buffer: BufferRecord, placement: PreparedPlacement, op: Operation): Outcome {
  op.noRoom = noRoomFigures(state, buffer, placement, op);
  return op.withoutRoom;
}

/** Whether the buffer's present resource is compatible with one of the places (`ttm_resource_compatible`). */
function isInOneOf(state: DeviceState, buffer: BufferRecord, places: readonly PreparedPlace[]): boolean {
  const { resources } = state;
  const row = buffer.resource;
  if (row < 0) return false;
  const present = resources.place(row);
  if (present.temporary) return false;
  for (let at = 0; at < places.length; at++) {
    const place = places[at] as PreparedPlace;
    if (place.type !== present.type) continue;
    if ((place.cachingMask & resources.caching(row)) === 0) continue;
    if (place.contiguous && !present.contiguous) continue;
    const { fpfn, lpfn } = place;
    if (present.type.compatible(resources.handle(row), resources.start(row), buffer.pages, fpfn, lpfn)) return true;
  }
  return false;
}
