import type { BufferRecord } from "../state/buffer_record.ts";
import { PAGE_SIZE } from "../base/units.ts";
import { show } from "../base/arguments.ts";
import * as cachingBits from "../base/caching.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { RemovalReason } from "../contract/eviction_policy.ts";
import {
  type AllocationRequest,
  BUSY,
  LATER as FREE_LATER,
  type MemTypeManager,
  NO_ROOM,
} from "../contract/mem_type_manager.ts";
import type { GroupRecord } from "../groups/group_record.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { Operation } from "../state/operation.ts";
import { TtmError } from "../base/errors.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import type { PreparedPlace } from "../resource/prepared_placement.ts";

const { BLOCKED, DONE, EBUSY, EIO, ENOSPC, LATER } = outcomes;
const { selectCaching } = cachingBits;

/** The request for a manager. */
export function requestFor(buffer: BufferRecord, { request }: PreparedPlace): AllocationRequest {
  request.buffer = buffer;
  request.pages = buffer.pages;
  request.alignment = buffer.alignment;
  return request;
}

/** Whether a buffer can never fit into a place, even if the memory type were empty and its group used nothing. */
export function neverFits(buffer: BufferRecord, place: PreparedPlace): boolean {
  const { type } = place;
  if (buffer.group?.counter(type.index).canHold(buffer.pages * PAGE_SIZE) === false) return true;
  const isPlain = place.fpfn === 0 && place.lpfn === Infinity && buffer.alignment === 1;
  // The common case, which needs no request to the manager.
  if (isPlain && type.manager?.canFit === undefined) return buffer.pages > type.pages;
  return !type.canFit(requestFor(buffer, place));
}

/**
 * Allocates a resource for a buffer in one place, without evicting. The new resource is listed at once, while the
 * buffer still has its old one. With `mayWait`, the call waits for room that is about to become free.
 *
 * @returns The row of the resource, or a failure: ENOSPC without room or beyond the limit of a group, EBUSY if the manager is busy; BLOCKED, or LATER
 * if it must not wait.
 */
export function allocateResource(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  mayWait: boolean,
  op: Operation,
): number | Outcome {
  const { type } = place;
  const { manager } = type;
  const { group } = buffer;
  if (group !== null && isLimited(group, buffer, type)) return ENOSPC;
  let handle = 0;
  let start = 0;
  if (manager !== null) {
    try {
      handle = manager.allocate(requestFor(buffer, place));
      if (!isHandle(handle)) return refused(type, manager, handle, mayWait, op);
      start = manager.startOf?.(handle) ?? handle;
    } catch (error) {
      return op.fail(error, EIO);
    }
  }
  const old = buffer.resource;
  const caching = selectCaching(
    old < 0 ? 0 : state.resources.caching(old),
    type.defaultCaching,
    place.cachingMask,
  );
  const row = state.resources.allocate(buffer, place, handle, start, caching);
  type.usedPages += buffer.pages;
  type.residents++;
  if (group !== null) group.counter(type.index).add(buffer.pages * PAGE_SIZE);
  state.order.add(row, buffer, type);
  return row;
}

function isLimited(group: GroupRecord, { pages }: BufferRecord, { index }: MemoryType): boolean {
  return group.counter(index).limiting(pages * PAGE_SIZE) !== null;
}

function isHandle(answer: number): boolean {
  return (answer | 0) === answer && answer > 0;
}

/** The outcome of an answer that is no handle. */
function refused(type: MemoryType, manager: MemTypeManager, answer: number, mayWait: boolean, op: Operation): Outcome {
  switch (answer) {
    case NO_ROOM:
      return ENOSPC;
    case BUSY:
      return op.fail(new TtmError("EBUSY", `the manager of "${type.name}" is busy`), EBUSY);
    case FREE_LATER:
      if (!mayWait) return ENOSPC;
      return op.waitFor(manager.freeing ?? null, "room") === BLOCKED ? BLOCKED : LATER;
    default: {
      const why = `the manager of "${type.name}" answered ${show(answer)}, which is no handle and no refusal`;
      return op.fail(new TtmError("EIO", why), EIO);
    }
  }
}

/** Frees a resource and its room in the manager. Its buffer must no longer refer to it. */
export function freeResource(state: DeviceState, row: number, why: RemovalReason): void {
  const { resources } = state;
  const { type } = resources.place(row);
  const handle = resources.handle(row);
  const buffer = resources.buffer(row) as BufferRecord;
  const { pages, group } = buffer;
  state.order.remove(row, buffer, why);
  type.usedPages -= pages;
  type.residents--;
  if (group !== null) group.counter(type.index).add(-pages * PAGE_SIZE);
  if (handle > 0) type.manager?.free(handle, pages);
  resources.release(row);
}

/**
 * Orders the buffer that is placed in a range behind copies that may still read from it.
 *
 * @returns EBUSY if such a copy has not ended and the operation must not wait.
 */
export function inheritMoveFences({ moveFences }: MemoryType, buffer: BufferRecord, op: Operation): Outcome {
  for (const fence of moveFences) {
    if (op.noWait) {
      if (op.waitFor(fence) !== DONE) return EBUSY;
      continue;
    }
    buffer.reservation.fences.add(fence, "kernel");
    buffer.reservation.reserveFence();
  }
  return DONE;
}
