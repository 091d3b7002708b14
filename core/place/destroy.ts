import { accountedSize } from "../memory/accounted_size.ts";
import { callBack } from "../lock/call_back.ts";
import type { Charge } from "../state/memory_accountant.ts";
import { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { RemovalReason } from "../contract/eviction_policy.ts";
import type { Fence } from "../lock/fence.ts";
import type { FenceList } from "../lock/fence_list.ts";
import { freeResource } from "./allocation.ts";
import { emptyTable } from "../memory/bind.ts";
import type { TranslationTable } from "../contract/translation_table.ts";

/**
 * Destroys a buffer without users. While work still uses its memory it stays in its place, where an operation that
 * needs the room may free it, until the last fence signals (`ttm_bo_release`). Its ghost objects and the return of
 * imported bytes to their exporter come first.
 */
export function releaseUnlessKept(state: DeviceState, buffer: BufferRecord): void {
  if (buffer.ghosts > 0 || buffer.isReturning) return;
  disown(state, buffer);
  buffer.isDying = true;
  queueOrReap(state, buffer);
}

/**
 * Removes a buffer from its bulk move, unpins it, and detaches it from a shared reservation. A second call does
 * nothing.
 */
export function disown(state: DeviceState, buffer: BufferRecord): void {
  const row = buffer.resource;
  state.hints.drop(buffer);
  if (row >= 0) state.order.leaveBulk(row);
  if (row >= 0) state.order.letIn(row);
  buffer.bulkMove = null;
  if (buffer.pins > 0) {
    buffer.pins = 0;
    if (row >= 0) state.order.touch(row, buffer);
    state.tracer.unpin?.(buffer);
  }
  buffer.individualise();
}

/** Frees an idle buffer at once, imported memory always in the worker, since releasing it may take locks. */
function queueOrReap(state: DeviceState, buffer: BufferRecord): void {
  if (buffer.kind !== "sg" && keeping(state, buffer) === null) reap(state, buffer);
  else reapWhenIdle(state, buffer);
}

/**
 * Moves the old place of a buffer, if it has one, to a ghost object, which lives until the fences signal and
 * keeps the buffer alive. The ghost object also takes the `table`, if given. The buffer is left without a place.
 */
export function leaveToGhost(
  state: DeviceState,
  buffer: BufferRecord,
  table: TranslationTable | null,
  fences: FenceList,
  why: RemovalReason,
): void {
  const row = buffer.resource;
  const ghost = new BufferRecord(state, {
    id: buffer.id,
    bytes: buffer.bytes,
    alignment: buffer.alignment,
    priority: buffer.priority,
    label: buffer.label,
    ...(buffer.group === null ? {} : { group: buffer.group }),
  });
  ghost.becomeGhostOf(buffer, ++state.ghostsMade, why);
  state.dyingBuffers++;
  ghost.tt = table;
  if (row >= 0) {
    state.order.leaveBulk(row);
    state.order.expectNothing(row);
    buffer.occupy(-1);
    ghost.occupy(row);
    state.resources.setBuffer(row, ghost);
    state.order.touch(row, ghost);
  }
  ghost.reservation.fences.copyFrom(fences);
  state.tracer.ghost?.(ghost, buffer);
  queueOrReap(state, ghost);
}

/** Frees inside the signal of the last fence, so that later callbacks of the fence find the room free. */
function reapWhenIdle(state: DeviceState, buffer: BufferRecord): void {
  if (buffer.row < 0 || state.delayedDestroyHolds > 0) return;
  const fence = keeping(state, buffer);
  if (fence === null) reap(state, buffer);
  else fence.onSignal(() => reapWhenIdle(state, buffer));
}

/**
 * The first fence that keeps the memory of a dying buffer; null if there is none. One that the driver orders its work
 * behind does not, except for host pages, which others than the driver may take over.
 */
function keeping({ driver, resources }: DeviceState, { reservation, resource, tt }: BufferRecord): Fence | null {
  const isFixed = resource >= 0 && tt === null && resources.place(resource).type.fixed;
  if (!isFixed || driver.ordersBehind === undefined) return reservation.pending();
  return reservation.allPending().find((fence) => driver.ordersBehind?.(fence) !== true) ?? null;
}

/**
 * Frees what became idle while delayed destruction was held back, and watches the rest again: buffers in the order of
 * their numbers, then ghost objects from the oldest, until no idle one is left. A buffer that only its ghost object kept
 * and that the worker must destroy comes after all of them.
 */
export function reapAllIdle(state: DeviceState): void {
  state.delayedDestroyHolds++;
  try {
    for (;;) {
      const idle = dyingIn(state).filter((buffer) => keeping(state, buffer) === null);
      if (idle.length === 0) break;
      for (const buffer of idle) if (buffer.row >= 0) reap(state, buffer);
    }
  } finally {
    state.delayedDestroyHolds--;
  }
  for (const buffer of dyingIn(state)) reapWhenIdle(state, buffer);
}

/** Dying buffers in the order of their numbers, then ghost objects, oldest first. */
export function dyingIn(state: DeviceState): BufferRecord[] {
  const dying = [...state.buffers.all()].filter((buffer) => buffer.isDying);
  return dying.sort((a, b) => Number(a.isGhost) - Number(b.isGhost) || (a.isGhost ? a.made - b.made : a.id - b.id));
}

/** Frees a dying, idle buffer and its memory. */
export function reap(state: DeviceState, buffer: BufferRecord): void {
  tellOfRoom(state, buffer);
  state.tracer.destroy?.(buffer);
  freeMemory(state, buffer);
  forget(state, buffer);
}

/** Frees the place and table of a dying, idle buffer (`ttm_bo_cleanup_memtype_use`). */
function freeMemory(state: DeviceState, buffer: BufferRecord): void {
  const row = buffer.resource;
  if (!buffer.isGhost && row >= 0) state.driver.moveNotify?.(buffer, state.resources.place(row).type.name, null);
  if (buffer.tt !== null) emptyTable(state, buffer, buffer.tt);
  buffer.tt = null;
  buffer.occupy(-1);
  if (row >= 0) freeResource(state, row, buffer.leavesBecause);
}

/** Frees the room of an idle dying buffer now; the buffer itself stays while delayed destruction is held back. */
export function reapForRoom(state: DeviceState, buffer: BufferRecord): void {
  if (state.delayedDestroyHolds === 0) return reap(state, buffer);
  tellOfRoom(state, buffer);
  freeMemory(state, buffer);
}

function tellOfRoom({ tracer }: DeviceState, buffer: BufferRecord): void {
  if (tracer.free !== undefined && !buffer.isGhost && buffer.resource >= 0) tracer.free(buffer);
}

/** The charge for the structures of a buffer. */
export function structuresCharge({ dma32 }: DeviceState, { bytes, kind }: BufferRecord): Charge {
  return { bytes: accountedSize(bytes, dma32), pages: 0, dma32: true, privileged: kind === "kernel" };
}

function forget(state: DeviceState, buffer: BufferRecord): void {
  state.buffers.release(buffer.row);
  state.dyingBuffers--;
  buffer.row = -1;
  // It may drop the last reference to another buffer, and so on.
  const { onDestroy } = buffer;
  if (onDestroy) callBack([() => onDestroy(buffer)], undefined);
  if (!buffer.isGhost) state.accountant.uncharge(structuresCharge(state, buffer));
  if (!buffer.isGhost && buffer.group !== null) buffer.group.members--;
  const parent = buffer.ghostOf;
  if (parent === null) return;
  parent.ghosts--;
  if (parent.disposed) releaseUnlessKept(state, parent);
}
