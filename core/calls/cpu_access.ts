import { type Access, access } from "../place/access.ts";
import { checkInteger, checkOptions, checkWaitOptions } from "../base/arguments.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { accessError } from "./call_errors.ts";
import { type KernelMap, MAP_RANGE, mapPages, type MapRange } from "../memory/kernel_map.ts";
import { mustBeReserved, reserveForCall } from "./reserve.ts";
import { mappingsOf } from "../memory/io_memory.ts";
import { once } from "../base/disposable.ts";
import { Operation } from "../state/operation.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { DONE, EINVAL, type Outcome } from "../base/outcome.ts";
import { populate } from "../memory/populate.ts";
import { restoreFromStore } from "../place/restore.ts";
import { complete } from "../state/wait.ts";

/** A buffer that can be reserved, waited for and kept alive. */
type Grabbed = BufferRecord & {
  keep(): void;
  letGo(): void;
  unreserve(): void;
  wait(options: WaitOptions): Promise<void>;
};

/** Copies bytes out of a buffer or into it. */
export async function accessBytes(
  state: DeviceState,
  buffer: BufferRecord,
  request: Access,
  options: WaitOptions,
): Promise<void> {
  await reach(state, buffer, request.write ? "write" : "read", options, (op) => access(state, buffer, request, op));
}

/** Makes sure that a buffer with a translation table has its pages. */
export async function populatePages(state: DeviceState, buffer: BufferRecord, options: WaitOptions): Promise<void> {
  mustBeReserved(buffer, "populate");
  checkWaitOptions("populate", options, buffer);
  await reach(state, buffer, "populate", options, (op) => {
    const { tt } = buffer;
    return tt === null ? EINVAL : populate(state, buffer, tt, op);
  });
}

/** Maps pages of a buffer for the kernel. */
export async function mapForKernel(
  state: DeviceState,
  buffer: BufferRecord,
  range: Partial<MapRange>,
  options: WaitOptions,
): Promise<KernelMap> {
  const what = `map ${buffer}`;
  checkOptions(what, range, MAP_RANGE, "the range");
  checkWaitOptions(what, options);
  const firstPage = checkInteger(what, "firstPage", range.firstPage ?? 0, 0, buffer.pages - 1);
  const left = buffer.pages - firstPage;
  const pages = checkInteger(what, "pages", range.pages ?? left, 1, left);
  let map = null as KernelMap | null;
  await reach(state, buffer, "map", options, (op) => {
    const mapped = mapPages(state, buffer, { firstPage, pages }, op);
    if (typeof mapped === "number") return mapped;
    map = mapped;
    return DONE;
  });
  return map as KernelMap;
}

/** Waits for the work on a buffer, and keeps submissions that use it out until the result is disposed of. */
export async function grabForWrite(state: DeviceState, buffer: Grabbed, options: WaitOptions): Promise<Disposable> {
  const turn = await reserveForCall(state, buffer, "grab", options);
  try {
    await buffer.wait(options);
    buffer.keep();
    buffer.becomeDirty();
    mappingsOf(buffer).writers++;
  } finally {
    turn[Symbol.dispose]();
  }
  return once(buffer, () => {
    mappingsOf(buffer).writers--;
    buffer.letGo();
  });
}

/** Repeats an attempt to reach the memory of a buffer, which must stay reserved meanwhile, until it is not blocked. */
async function reach(
  state: DeviceState,
  buffer: BufferRecord,
  what: string,
  { signal, noWait }: WaitOptions,
  attempt: (op: Operation) => Outcome,
): Promise<void> {
  const op = new Operation(state.tracer, noWait === true, buffer).start(what);
  const outcome = await complete(state.clock, op, signal, () => {
    mustBeReserved(buffer, what);
    const restored = restoreFromStore(state, buffer, op);
    return restored === DONE ? attempt(op) : restored;
  });
  if (outcome !== DONE) throw accessError(`${what} ${buffer}`, op, outcome);
}
