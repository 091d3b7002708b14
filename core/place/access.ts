import { checkBytes, checkInteger } from "../base/arguments.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Driver } from "../contract/driver.ts";
import type { FenceUsage } from "../lock/fence_list.ts";
import { TtmError } from "../base/errors.ts";
import { closeWindow, openWindow } from "../memory/io_memory.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, EINVAL, EIO, ENODEV, type Outcome } from "../base/outcome.ts";
import { populate } from "../memory/populate.ts";
import { waitToRetry } from "./transfer.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** Arguments of a CPU read or write of a buffer (`ttm_bo_access`). */
export interface Access {
  /** In bytes from the start of the buffer. */
  readonly offset: number;
  /** The bytes to write, or the destination of a read. */
  readonly bytes: Uint8Array;
  readonly write: boolean;
}

/** Checks the arguments of a read. */
export function readAccess(buffer: BufferRecord, offset: number, length: number | undefined): Access {
  const what = `read ${buffer}`;
  checkInteger(what, "offset", offset, 0, buffer.bytes);
  const count = length === undefined ? buffer.bytes - offset : length;
  checkInteger(what, "length", count, 0, buffer.bytes - offset);
  return { offset, bytes: new Uint8Array(count), write: false };
}

/** Checks the arguments of a write. */
export function writeAccess(buffer: BufferRecord, data: ArrayBufferView | ArrayBufferLike, offset: number): Access {
  const what = `write ${buffer}`;
  const bytes = checkBytes(what, "the bytes", data);
  if (bytes.length > buffer.bytes) {
    throw new TtmError("EINVAL", `Cannot ${what}: ${bytes.length} bytes do not fit into its ${buffer.bytes} bytes`);
  }
  checkInteger(what, "offset", offset, 0, buffer.bytes - bytes.length);
  return { offset, bytes, write: true };
}

/** One attempt: waits for moves and conflicting work, then copies the bytes. */
export function access(state: DeviceState, buffer: BufferRecord, access: Access, op: Operation): Outcome {
  // A driver with an ordered queue puts the access behind the work.
  const isQueued = state.orderedMoves && isCarried(state.driver, buffer.type);
  const ready = isQueued ? DONE : op.waitForAll(buffer.reservation, usageBefore(access));
  if (ready !== DONE) return ready;
  if (buffer.lost !== undefined) {
    return op.fail(new TtmError("EIO", `the contents of ${buffer} are lost`, { cause: buffer.lost }), EINVAL);
  }
  const { type, tt } = buffer;
  if (access.write) buffer.becomeDirty();
  if (type?.fixed === true) return throughAperture(state, buffer, type, access, op);
  if (type?.mappable === false) return op.fail(new TtmError("EINVAL", `the CPU cannot see ${type.name}`), EINVAL);
  if (type === null && access.write) {
    return op.fail(new TtmError("EINVAL", `${buffer} has no place; validate it first`), EINVAL);
  }
  if (tt === null || (!tt.populated && !tt.swapped && !access.write)) {
    access.bytes.fill(0);
    return DONE;
  }
  const populated = populate(state, buffer, tt, op);
  return populated === DONE ? transfer(tt.contents, 0, access, op) : populated;
}

/** The work that an access must not overtake. */
function usageBefore({ write }: Access): FenceUsage {
  return write ? "read" : "write";
}

/** Whether the driver carries the bytes, for want of windows (`ttm_device_funcs.access_memory`). */
function isCarried({ ioMemReserve, accessMemory }: Driver, type: MemoryType | null): boolean {
  return type?.fixed === true && type.mappable && ioMemReserve === undefined && accessMemory !== undefined;
}

function throughAperture(
  state: DeviceState,
  buffer: BufferRecord,
  type: MemoryType,
  access: Access,
  op: Operation,
): Outcome {
  const { driver } = state;
  if (isCarried(driver, type)) return throughDriver(driver, buffer, access, op);
  const io = buffer.mappings?.io ?? null;
  if (io !== null) return transfer(io.bytes, 0, access, op);
  const firstPage = Math.floor(access.offset / PAGE_SIZE);
  const endPage = Math.ceil((access.offset + access.bytes.length) / PAGE_SIZE);
  if (endPage <= firstPage) return DONE;
  const start = (buffer.start ?? 0) + firstPage;
  try {
    const window = openWindow(state, type, start, endPage - firstPage);
    const outcome = transfer(window, firstPage * PAGE_SIZE, access, op);
    closeWindow(state, type, start, endPage - firstPage);
    return outcome;
  } catch (error) {
    return op.fail(error, EIO);
  }
}

function throughDriver(driver: Driver, buffer: BufferRecord, access: Access, op: Operation): Outcome {
  const { offset, write } = access;
  // GPU queues may refuse a view of a SharedArrayBuffer.
  const bytes = access.bytes.buffer instanceof ArrayBuffer ? access.bytes : new Uint8Array(access.bytes);
  try {
    const after = buffer.reservation.allPending(usageBefore(access));
    const answer = driver.accessMemory?.(buffer, offset, bytes, write, after);
    return answer === undefined ? DONE : waitToRetry(op, answer, driver.name, "accessMemory");
  } catch (error) {
    return op.fail(error, EIO);
  }
}

function transfer(memory: unknown, base: number, { offset, bytes, write }: Access, op: Operation): Outcome {
  if (!(memory instanceof Uint8Array)) {
    return op.fail(new TtmError("ENODEV", "this driver does not keep contents as bytes"), ENODEV);
  }
  if (write) memory.set(bytes, offset - base);
  else bytes.set(memory.subarray(offset - base, offset - base + bytes.length));
  return DONE;
}
