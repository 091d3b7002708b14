import { BufferObject } from "./buffer_object.ts";
import type { DeviceState } from "./device_state.ts";
import type { Fence } from "./fence.ts";
import { freeResource } from "./resource.ts";
import { emptyTable } from "./tables.ts";
import type { TranslationTable } from "./translation_table.ts";

/**
 * Gives up a buffer whose last user has left. Work that still uses its memory keeps it in its place, where it can be
 * reaped by whoever needs the room, until the last fence signals (`ttm_bo_release`).
 */
export function release(state: DeviceState, buffer: BufferObject): void {
  state.liveBuffers--;
  state.dyingBuffers++;
  buffer.isDying = true;
  if (state.buffers.pins(buffer.row) > 0) {
    state.buffers.setPins(buffer.row, 0);
    const row = state.buffers.resource(buffer.row);
    if (row >= 0) state.lru.moveToTail(row);
  }
  reapWhenIdle(state, buffer);
}

/**
 * Splits the old place of a moving buffer off into an object of its own, which lives until the fences signal. With a
 * `table`, the ghost takes that too. The buffer is left without a place.
 */
export function leaveToGhost(
  state: DeviceState,
  buffer: BufferObject,
  table: TranslationTable | null,
  fences: readonly Fence[],
): void {
  const row = state.buffers.resource(buffer.row);
  const ghost = new BufferObject(state, {
    id: buffer.id,
    bytes: buffer.bytes,
    alignment: buffer.alignment,
    priority: buffer.priority,
    label: buffer.label,
  });
  ghost.isGhost = true;
  ghost.isDying = true;
  state.dyingBuffers++;
  ghost.tt = table;
  state.buffers.setResource(buffer.row, -1);
  state.buffers.setResource(ghost.row, row);
  state.resources.setBuffer(row, ghost);
  state.lru.moveToTail(row);
  for (const fence of fences) ghost.reservation.fences.add(fence, "kernel");
  reapWhenIdle(state, ghost);
}

/** Reaps at the very moment when the last fence signals, so that whoever waits for that moment finds the room. */
function reapWhenIdle(state: DeviceState, buffer: BufferObject): void {
  if (buffer.row < 0) return;
  const fence = buffer.reservation.fences.pending();
  if (fence === null) reap(state, buffer);
  else fence.onSignal(() => reapWhenIdle(state, buffer));
}

/** Frees what a dying, idle buffer holds (`ttm_bo_cleanup_memtype_use`). */
export function reap(state: DeviceState, buffer: BufferObject): void {
  const row = state.buffers.resource(buffer.row);
  if (!buffer.isGhost) {
    if (row >= 0) state.driver.moveNotify?.(buffer, state.resources.place(row).type.name, null);
    state.tracer.destroy?.(buffer);
  }
  if (buffer.tt !== null) emptyTable(state, buffer, buffer.tt);
  buffer.tt = null;
  if (row >= 0) freeResource(state, row);
  state.buffers.release(buffer.row);
  state.dyingBuffers--;
  buffer.row = -1;
}
