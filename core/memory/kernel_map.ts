import { optionNames } from "../base/arguments.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { isAperture, mappingsOf, releaseIo, reserveIo } from "./io_memory.ts";
import type { Operation } from "../state/operation.ts";
import { DONE, EINVAL, EIO, ENODEV, type Outcome } from "../base/outcome.ts";
import { populate } from "./populate.ts";
import { PAGE_SIZE } from "../base/units.ts";

export const MAP_RANGE: ReadonlySet<string> = optionNames<MapRange>({ firstPage: true, pages: true });

/** Which pages to map. */
export interface MapRange {
  /** First page, from 0. */
  readonly firstPage: number;
  /** Number of pages, from 1. */
  readonly pages: number;
}

/**
 * Pages of a buffer mapped for the CPU, made by `BufferObject.map` (`ttm_bo_kmap_obj`). The map ends when it is
 * disposed of, or when the buffer is moved: pin the buffer, or keep it reserved, for as long as the bytes are used.
 */
export class KernelMap implements Disposable {
  /** Whether the bytes are device memory accessed through a window, instead of host pages. */
  readonly isIoMemory: boolean;
  #bytes: Uint8Array | null;
  #end: () => void;

  /** @internal */
  constructor(bytes: Uint8Array, isIoMemory: boolean, end: () => void) {
    this.#bytes = bytes;
    this.isIoMemory = isIoMemory;
    this.#end = end;
  }

  /** Whether the map has not ended. */
  get valid(): boolean {
    return this.#bytes !== null;
  }

  /**
   * The bytes of the pages themselves, not a copy.
   *
   * @throws {TtmError} `EINVAL` when the map has ended.
   */
  get bytes(): Uint8Array {
    if (this.#bytes !== null) return this.#bytes;
    throw new TtmError("EINVAL", "Cannot use map: it has been disposed of, or its buffer has moved");
  }

  /** @internal */
  end(): void {
    if (this.#bytes === null) return;
    this.#bytes = null;
    this.#end();
  }

  /** Ends the map; does nothing if it has ended already. */
  [Symbol.dispose](): void {
    this.end();
  }
}

/** One attempt to map pages of a buffer. Waits for pending moves. */
export function mapPages(
  state: DeviceState,
  buffer: BufferRecord,
  { firstPage, pages }: MapRange,
  op: Operation,
): KernelMap | Outcome {
  const memory = cpuMemory(state, buffer, op);
  if (typeof memory === "number") return memory;
  const { bytes, isIoMemory } = memory;
  // The bytes may be written until the map ends, which is before anybody can take the buffer for clean again.
  buffer.becomeDirty();
  const maps = mappingsOf(buffer);
  const map = new KernelMap(bytes.subarray(firstPage * PAGE_SIZE, (firstPage + pages) * PAGE_SIZE), isIoMemory, () => {
    maps.kernel.delete(map);
    if (isIoMemory) releaseIo(state, buffer);
  });
  maps.kernel.add(map);
  return map;
}

/**
 * The memory of a buffer as the CPU accesses it, after pending moves: a reference to the window on device memory, which
 * the caller must drop by `releaseIo`, or host pages.
 */
export function cpuMemory(
  state: DeviceState,
  buffer: BufferRecord,
  op: Operation,
): { bytes: Uint8Array; isIoMemory: boolean } | Outcome {
  const { type, tt } = buffer;
  const moved = op.waitForAll(buffer.reservation, "kernel");
  if (moved !== DONE) return moved;
  if (buffer.lost !== undefined) {
    return op.fail(new TtmError("EIO", `the contents of ${buffer} are lost`, { cause: buffer.lost }), EIO);
  }
  if (type === null || !type.mappable) {
    const why = type === null ? `${buffer} has no place; validate it first` : `the CPU cannot see ${type.name}`;
    return op.fail(new TtmError("EINVAL", why), EINVAL);
  }
  if (tt === null || isAperture(type, tt.cachingBit)) {
    try {
      return { bytes: reserveIo(state, buffer, type), isIoMemory: true };
    } catch (error) {
      return op.fail(error, EIO);
    }
  }
  const populated = populate(state, buffer, tt, op);
  if (populated !== DONE) return populated;
  if (tt.contents instanceof Uint8Array) return { bytes: tt.contents, isIoMemory: false };
  return op.fail(new TtmError("ENODEV", "this driver does not keep contents as bytes"), ENODEV);
}
