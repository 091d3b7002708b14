import { BufferObject } from "./buffer_object.ts";
import type { BufferOptions, CheckedBufferOptions } from "../contract/buffer_options.ts";
import { checkObject, checkWaitOptions, show } from "../base/arguments.ts";
import type { PlacedBufferOptions } from "./device_options.ts";
import { VALIDATE_OPTIONS, type ValidateOptions } from "../contract/call_options.ts";
import type { Driver } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import { structuresCharge } from "../place/destroy.ts";
import type { DeviceState } from "../state/device_state.ts";
import { DONE, ENOMEM } from "../base/outcome.ts";
import { importedTable } from "../memory/bind.ts";

/** Creates a buffer without a resource (`ttm_bo_init`), and charges its structures to the memory accountant. */
export function createBuffer(state: DeviceState, options: CheckedBufferOptions): BufferObject {
  if (options.driverOptions !== undefined) checkDriverOptions(state.driver, options.driverOptions);
  const buffer = new BufferObject(state, options);
  if (buffer.imported !== null) buffer.tt = importedTable(buffer.pages, buffer.imported);
  state.liveBuffers++;
  state.tracer.create?.(buffer);
  const charge = structuresCharge(state, buffer);
  const op = state.submissions.fresh(buffer);
  if (state.accountant.charge(charge, op) !== DONE) {
    // Destroying the buffer uncharges its structures, so they must be counted first.
    state.accountant.count(charge);
    buffer.unref();
    throw op.error("create buffer", `no memory for its ${charge.bytes} bytes of structures`, ENOMEM);
  }
  return buffer;
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
    throw new TtmError("EINVAL", "Cannot create buffer: the reservation that it is to share is not reserved");
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
