import type { DeviceState } from "../state/device_state.ts";
import { evictError } from "./call_errors.ts";
import { TtmError } from "../base/errors.ts";
import { evictAll, giveUpPlace, waitUntilLeft } from "../place/make_room.ts";
import { cleanManager } from "./init_manager.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import { Operation } from "../state/operation.ts";
import { DONE } from "../base/outcome.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { beginSearch, firstVictim } from "../place/victims.ts";
import { complete } from "../state/wait.ts";

/** Evicts the first buffer of a memory type that is not pinned; false if there is none. */
export async function evictFirstFrom(
  state: DeviceState,
  type: MemoryType,
  { noWait = false, signal }: WaitOptions,
): Promise<boolean> {
  const op = new Operation(state.tracer, noWait).start("evictFirst");
  op.search = beginSearch(state, op, null, 0);
  const victim = firstVictim(state, type, op.search);
  const outcome = await complete(state.clock, op, signal, () => {
    // The victim may have left the memory type during the wait.
    if (victim === null || victim.type !== type) return DONE;
    const outcome = giveUpPlace(state, victim, op);
    return outcome === DONE ? waitUntilLeft(op) : outcome;
  });
  if (outcome === DONE) return victim !== null;
  throw evictError(`evict from ${type.name}`, op, outcome);
}

/** Evicts all buffers of a memory type that are not pinned, and waits for the copies out of it. */
export async function evictAllFrom(
  state: DeviceState,
  type: MemoryType,
  { noWait = false, signal }: WaitOptions,
): Promise<void> {
  const op = new Operation(state.tracer, noWait).start("evictAll");
  const outcome = await complete(state.clock, op, signal, () => evictAll(state, type, op));
  if (outcome !== DONE) throw evictError(`evict all from ${type.name}`, op, outcome);
}

/** Evicts all buffers of a memory type and takes down its manager. */
export async function cleanManagerOf(
  state: DeviceState,
  type: MemoryType,
  { noWait = false, signal }: WaitOptions,
): Promise<void> {
  const what = `clean the manager of ${type.name}`;
  if (type.manager === null) throw new TtmError("EINVAL", `Cannot ${what}: there is none`);
  const op = new Operation(state.tracer, noWait).start("cleanManager");
  const outcome = await complete(state.clock, op, signal, () => cleanManager(state, type, op));
  if (outcome !== DONE) throw evictError(what, op, outcome);
}
