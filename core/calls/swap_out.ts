import { checkInteger } from "../base/arguments.ts";
import type { SwapOutOptions } from "../contract/call_options.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { swapOutError } from "./call_errors.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import { Operation } from "../state/operation.ts";
import { DONE } from "../base/outcome.ts";
import { swapOutDevice, swapOutType } from "../place/swapout.ts";
import { complete } from "../state/wait.ts";

/** Swaps out buffers of one memory type, or of the first that has any; returns the number of pages freed. */
export async function swapOut(
  state: DeviceState,
  type: MemoryType | null,
  { pages = 1, noWait = false, signal }: SwapOutOptions,
): Promise<number> {
  checkInteger("swap out", "pages", pages, 1, type === null ? 1 : Number.MAX_SAFE_INTEGER);
  if (type?.fixed === true) {
    throw new TtmError("EINVAL", `Cannot swap out from ${type.name}: its buffers have no host pages`);
  }
  const op = new Operation(state.tracer, noWait).start("swapOut");
  let freed = 0;
  const outcome = await complete(state.clock, op, signal, () => {
    freed = type === null ? swapOutDevice(state, op) : swapOutType(state, type, pages, op);
    return freed < 0 ? freed : DONE;
  });
  if (outcome !== DONE) throw swapOutError(op, outcome);
  return freed;
}
