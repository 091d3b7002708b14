import { BufferObject } from "./buffer_object.ts";
import type { BufferOptions, CheckedBufferOptions, StoredContents } from "../contract/buffer_options.ts";
import { checkObject, checkWaitOptions, show } from "../base/arguments.ts";
import type { PlacedBufferOptions } from "./device_options.ts";
import { VALIDATE_OPTIONS, type ValidateOptions } from "../contract/call_options.ts";
import type { Driver } from "../contract/driver.ts";
import { structuresCharge } from "../place/destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { mustBeGroupOf } from "./memory_group.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, ENODEV, ENOMEM } from "../base/outcome.ts";
import { createTable, importedTable } from "../memory/bind.ts";
import { moveToSystem } from "../place/make_room.ts";
import { StoreCopy } from "../state/store_copy.ts";
import { isOwnKey } from "../contract/swap_store.ts";

/** Creates a buffer without a resource (`ttm_bo_init`), and charges its structures to the memory accountant. */
export function createBuffer(state: DeviceState, options: CheckedBufferOptions): BufferObject {
  if (options.driverOptions !== undefined) checkDriverOptions(state.driver, options.driverOptions);
  const { group, stored } = options;
  if (group !== undefined) mustBeGroupOf(state, "create buffer", group);
  const copy = stored === undefined ? null : copyOf(state, stored, options.bytes);
  const buffer = new BufferObject(state, options);
  if (buffer.imported !== null) buffer.tt = importedTable(buffer.pages, buffer.imported);
  state.liveBuffers++;
  if (buffer.group !== null) buffer.group.members++;
  state.tracer.create?.(buffer);
  const charge = structuresCharge(state, buffer);
  const op = state.submissions.fresh("createBuffer", buffer);
  if (state.accountant.charge(charge, op) !== DONE) {
    // Destroying the buffer uncharges its structures, so they must be counted first.
    state.accountant.count(charge);
    buffer.unref();
    throw op.error("create buffer", `no memory for its ${charge.bytes} bytes of structures`, ENOMEM);
  }
  if (copy !== null) beginSwappedOut(state, buffer, copy, op);
  return buffer;
}

function copyOf(state: DeviceState, { key, store = state.store }: StoredContents, bytes: number): StoreCopy {
  if (store !== state.store || !isOwnKey(key)) return new StoreCopy(store, key, bytes);
  throw new TtmError("EINVAL", `Cannot create buffer: keys as "${key}" are those of the device in its store`);
}

/** The contents are what is swapped out under the key, so that the buffer is in SYSTEM from the start. */
function beginSwappedOut(state: DeviceState, buffer: BufferObject, copy: StoreCopy, op: Operation): void {
  buffer.beBornFrom(copy);
  let outcome = createTable(state, buffer, op) ? DONE : ENOMEM;
  if (buffer.tt !== null) buffer.tt.swap = copy;
  if (buffer.tt?.converts === true) {
    const why = `driver "${state.driver.name}" keeps no bytes, which is what a store has`;
    outcome = op.fail(new TtmError("ENODEV", why), ENODEV);
  }
  if (outcome === DONE) outcome = moveToSystem(state, buffer, op, false);
  if (outcome === DONE) return;
  buffer.unref();
  throw op.error("create buffer", "its contents cannot be those of a store", outcome);
}

function checkDriverOptions(driver: Driver, options: object): void {
  const what = "Cannot create buffer";
  if (driver.checkDriverOptions === undefined) {
    throw new TtmError("EINVAL", `${what}: driver "${driver.name}" takes no driverOptions, not ${show(options)}`);
  }
  try {
    driver.checkDriverOptions(options);
  } catch (cause) {
    const code = cause instanceof TtmError ? cause.code : "EIO";
    throw new TtmError(code, `${what}: ${cause instanceof Error ? cause.message : show(cause)}`, { cause });
  }
}

/** Creates a buffer by `create` and validates it; on error the buffer is released. */
export async function createPlaced(
  create: (options: BufferOptions) => BufferObject,
  options: PlacedBufferOptions,
  waitOptions: ValidateOptions,
): Promise<BufferObject> {
  checkObject("create buffer", "the options", options);
  checkWaitOptions("create buffer", waitOptions, undefined, VALIDATE_OPTIONS);
  const { placement, ...bufferOptions } = options;
  if (options.reservation?.locked === false) {
    throw new TtmError("EINVAL", "Cannot create buffer: the shared reservation is not held");
  }
  const buffer = create(bufferOptions);
  if (options.reservation === undefined) buffer.tryReserve();
  try {
    await buffer.validate(placement, waitOptions);
    if (options.reservation === undefined) buffer.unreserve();
    return buffer;
  } catch (error) {
    if (options.reservation === undefined) buffer.unlock();
    buffer.unref();
    throw error;
  }
}
