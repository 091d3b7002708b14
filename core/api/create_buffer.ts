import { BufferObject } from "./buffer_object.ts";
import type { CheckedBufferOptions } from "../contract/buffer_options.ts";
import type { Driver } from "../contract/driver.ts";
import { show } from "../base/arguments.ts";
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
