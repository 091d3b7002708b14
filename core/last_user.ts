import { access } from "./access.ts";
import type { BufferObject } from "./buffer_object.ts";
import { disown, releaseUnlessKept } from "./destroy.ts";
import type { DeviceState } from "./device_state.ts";
import { Fence } from "./fence.ts";
import { dropMaps } from "./io_memory.ts";
import { moveToSystem } from "./move.ts";
import { Operation } from "./operation.ts";
import { BLOCKED, DONE, type Outcome } from "./outcome.ts";

/** The last user has left: the handle ends, and the memory is freed when nothing uses it any more. */
export function dropLastUser(state: DeviceState, buffer: BufferObject): void {
  state.liveBuffers--;
  state.dyingBuffers++;
  dropMaps(state, buffer);
  if (buffer.mappings !== null) state.mmapOffsets.free(buffer.mappings.firstOffset);
  if (mustReturn(buffer)) returnToExporter(state, buffer);
  else releaseUnlessKept(state, buffer);
}

/** Whether the only right copy of imported bytes is on the device. */
function mustReturn({ imported, type, lost }: BufferObject): boolean {
  return imported !== null && type?.fixed === true && lost === undefined;
}

/**
 * Copies imported bytes from the device back into the array of their exporter, and releases the buffer then. Until the copy
 * has been queued it may be evicted like any other buffer, which does the same.
 */
function returnToExporter(state: DeviceState, buffer: BufferObject): void {
  disown(state, buffer);
  buffer.isReturning = true;
  const op = new Operation(state.tracer, false);
  const attempt = () => {
    op.begin();
    state.returning.delete(buffer);
    const outcome = mustReturn(buffer) ? bringBack(state, buffer, op) : DONE;
    if (outcome === BLOCKED && op.blockedOn instanceof Fence) {
      state.returning.set(buffer, op.blockedOn);
      op.blockedOn.onSignal(attempt);
      return;
    }
    buffer.isReturning = false;
    releaseUnlessKept(state, buffer);
  };
  attempt();
}

/** By a move, or where a stop on the way stays full, through the CPU. If that fails, too, the array stays as it is. */
function bringBack(state: DeviceState, buffer: BufferObject, op: Operation): Outcome {
  const moved = moveToSystem(state, buffer, op);
  if (moved === DONE || moved === BLOCKED || buffer.imported === null) return moved;
  return access(state, buffer, { offset: 0, bytes: buffer.imported, write: false }, op);
}
