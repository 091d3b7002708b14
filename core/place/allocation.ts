import type { BufferRecord } from "../state/buffer_record.ts";
import { selectCaching } from "../base/caching.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { RemovalReason } from "../contract/eviction_policy.ts";
import type { AllocationRequest } from "../contract/mem_type_manager.ts";
import type { ManagerNode } from "../contract/manager_node.ts";
import type { MemoryType } from "../state/memory_type.ts";
import type { Operation } from "../state/operation.ts";
import { TtmError } from "../base/errors.ts";
import type { Fence } from "../lock/fence.ts";
import { BLOCKED, DONE, EBUSY, EIO, ENOSPC, LATER, type Outcome } from "../base/outcome.ts";
import type { PreparedPlace } from "../state/prepared_placement.ts";

// Managers may read it during the call only, so that one object serves all calls.
const request = { pages: 0, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false } as {
  -readonly [Member in keyof AllocationRequest]: AllocationRequest[Member];
};

/** What a manager is asked for. */
export function requestFor(buffer: BufferRecord, place: PreparedPlace): AllocationRequest {
  request.buffer = buffer;
  request.pages = buffer.pages;
  request.alignment = buffer.alignment;
  request.fpfn = place.fpfn;
  request.lpfn = place.lpfn;
  request.topDown = place.topDown;
  request.contiguous = place.contiguous;
  return request;
}

/** Whether a buffer would have no room in a place even if nobody else were there. */
export function neverFits(buffer: BufferRecord, place: PreparedPlace): boolean {
  const { type } = place;
  const isPlain = place.fpfn === 0 && place.lpfn === Infinity && buffer.alignment === 1;
  // Most are, and evicting for them pays for no request.
  if (isPlain && type.manager?.canFit === undefined) return buffer.pages > type.pages;
  return !type.canFit(requestFor(buffer, place));
}

/**
 * Takes room for a buffer in one place, without evicting. The new resource joins its list at once, while the buffer
 * still has its old one. With `mayWait`, room that is about to become free is waited for.
 *
 * @returns The row of the resource, or a failure: ENOSPC for no room, EBUSY when the manager cannot serve now; BLOCKED, or LATER if that must not be waited for.
 */
export function allocateResource(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  mayWait: boolean,
  op: Operation,
): number | Outcome {
  const { type } = place;
  let node: ManagerNode | null = null;
  if (type.manager !== null) {
    try {
      const found = type.manager.allocate(requestFor(buffer, place));
      if (found === "no-room") return ENOSPC;
      if (found === "busy") return op.fail(new TtmError("EBUSY", `the manager of "${type.name}" is busy`), EBUSY);
      if (found === "later") return mayWait ? waitForRoom(type.manager.freeing, op) : ENOSPC;
      node = found;
    } catch (error) {
      return op.fail(error, EIO);
    }
  }
  const old = state.buffers.resource(buffer.row);
  const caching = selectCaching(
    old < 0 ? 0 : state.resources.caching(old),
    type.defaultCaching,
    place.cachingMask & type.availableCaching,
  );
  const row = state.resources.allocate(buffer, place, node, caching);
  type.usedPages += buffer.pages;
  type.residents++;
  state.order.add(row, buffer, type);
  return row;
}

function waitForRoom(freeing: Fence | null | undefined, op: Operation): Outcome {
  return op.waitFor(freeing ?? null) === BLOCKED ? BLOCKED : LATER;
}

/** Gives the room of a resource back and forgets the resource. Its buffer must not refer to it any more. */
export function freeResource(state: DeviceState, row: number, why: RemovalReason): void {
  const { resources } = state;
  const { type } = resources.place(row);
  const node = resources.node(row);
  state.order.remove(row, why);
  type.usedPages -= resources.pages(row);
  type.residents--;
  if (node !== null) type.manager?.free(node);
  resources.release(row);
}

/**
 * Orders the new tenant of a range behind the copies that may still be leaving it.
 *
 * @returns EBUSY if the operation must not wait and one is under way.
 */
export function inheritMoveFences({ moveFences }: MemoryType, buffer: BufferRecord, op: Operation): Outcome {
  if (op.noWait) return moveFences.every((fence) => op.waitFor(fence) === DONE) ? DONE : EBUSY;
  for (const fence of moveFences) {
    buffer.reservation.fences.add(fence, "kernel");
    buffer.reservation.fences.reserve(1);
  }
  return DONE;
}
