import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { evictAll } from "../place/make_room.ts";
import { isManager, type MemTypeManager } from "../contract/mem_type_manager.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import { MoveFences } from "../resource/move_fences.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, EBUSY, type Outcome } from "../base/outcome.ts";

/** Sets the manager of a memory type (`ttm_bo_init_mm`). */
export function initManager(type: MemoryType, manager: MemTypeManager): void {
  const what = `initialise the manager of ${type.name}`;
  if (type.isSystem) throw new TtmError("EINVAL", `Cannot ${what}: system memory has no manager`);
  if (type.manager !== null) {
    throw new TtmError("EBUSY", `Cannot ${what}: it already has the manager "${type.manager.name}"`);
  }
  if (!isManager(manager)) throw new TtmError("EINVAL", `Cannot ${what}: the given object is not a manager`);
  manager.init(type.pages);
  type.manager = manager;
  type.used = true;
}

/**
 * One attempt to evict all buffers from a memory type and to take down its manager (`ttm_bo_clean_mm`). The memory type
 * is disabled for new resources even if this fails.
 */
export function cleanManager(state: DeviceState, type: MemoryType, op: Operation): Outcome {
  type.used = false;
  const emptied = evictAll(state, type, op);
  if (emptied !== DONE) return emptied;
  if (type.residents > 0 || type.manager?.takedown() === false) return EBUSY;
  type.manager = null;
  type.moveFences = new MoveFences();
  return DONE;
}
