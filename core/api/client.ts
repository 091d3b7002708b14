import { checkInteger, show } from "../base/arguments.ts";
import type { BufferObject } from "./buffer_object.ts";
import type { BufferOptions } from "../contract/buffer_options.ts";
import type { ClientView } from "../contract/client_view.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/units.ts";
import { UserMap } from "./user_map.ts";

/** What a client holds; sizes in bytes. */
export interface ClientUsage {
  /** How many buffers it has handles of. */
  readonly buffers: number;
  /** Their size. */
  readonly bytes: number;
  /** The size of those that other clients have handles of, too. */
  readonly sharedBytes: number;
  /** The size of those in each memory type, by name. */
  readonly residentBytes: Readonly<Record<string, number>>;
  /** The size of those in the swap store. */
  readonly swappedBytes: number;
  /** The size of those that submitted work or a move uses. */
  readonly activeBytes: number;
}

/** What a client asks of its device. */
interface DeviceOfClient {
  readonly memoryTypes: readonly string[];
  createBuffer(options: BufferOptions): BufferObject;
  lookup(offset: number): { readonly buffer: BufferObject; readonly offset: number } | null;
}

/** How many clients have handles of a buffer. */
const holders: WeakMap<BufferObject, number> = new WeakMap();

/**
 * A party that uses a device through handles, numbers that mean something to it alone (`drm_file`). Made by
 * `BoDevice.openClient`.
 *
 * @example Two clients, and a buffer that one shares with the other
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using game = device.openClient("game");
 * using compositor = device.openClient("compositor");
 * const handle = game.createBuffer({ bytes: 8192 });
 * assertThrows(() => compositor.buffer(handle), Error, "has no handle 1");
 * const shared = game.share(handle, compositor);
 * using picture = compositor.mmap(compositor.buffer(shared).mmapOffset());
 * await picture.write(0, new Uint8Array([7]));
 * assertEquals(game.usage().sharedBytes, 8192);
 * ```
 */
export class Client implements ClientView, Disposable {
  /** For people and for the driver. */
  readonly name: string;
  #state: DeviceState;
  #device: DeviceOfClient;
  #buffers: Map<number, BufferObject> = new Map();
  #handles: Map<BufferObject, number> = new Map();
  #lastHandle = 0;
  #closed = false;

  /** @internal */
  constructor(state: DeviceState, device: DeviceOfClient, name: string) {
    this.#state = state;
    this.#device = device;
    this.name = name;
  }

  /** The handles, in the order in which they were made. */
  get handles(): number[] {
    return [...this.#buffers.keys()];
  }

  /**
   * Makes a buffer, as `BoDevice.createBuffer`.
   *
   * @returns Its handle, from 1.
   * @throws {TtmError} As `BoDevice.createBuffer`; `EINVAL` if the client is closed.
   */
  createBuffer(options: BufferOptions): number {
    this.#mustBeOpen("create buffer");
    return this.#hold(this.#device.createBuffer(options));
  }

  /**
   * The buffer behind a handle. It belongs to the client: take a reference before keeping it.
   *
   * @throws {TtmError} `EINVAL` if this client has no such handle, whoever else may have.
   */
  buffer(handle: number): BufferObject {
    const buffer = this.#buffers.get(handle);
    if (buffer !== undefined) return buffer;
    throw new TtmError("EINVAL", `Cannot look up buffer: client "${this.name}" has no handle ${show(handle)}`);
  }

  /**
   * Gives another client of the device a handle of a buffer.
   *
   * @returns The other's handle; the one that it has already, if so.
   * @throws {TtmError} `EINVAL` if this client has no such handle, or the other is closed or of another device.
   */
  share(handle: number, other: Client): number {
    const buffer = this.buffer(handle);
    if (!(other instanceof Client) || other.#state !== this.#state) {
      throw new TtmError("EINVAL", `Cannot share ${buffer}: ${show(other)} is no client of its device`);
    }
    other.#mustBeOpen(`share ${buffer}`);
    return other.#handles.get(buffer) ?? other.#hold(buffer.ref());
  }

  /**
   * Gives a handle up. The buffer goes with the last of its users.
   *
   * @throws {TtmError} `EINVAL` if there is no such handle, or the buffer has no other user and is reserved.
   */
  release(handle: number): void {
    const buffer = this.buffer(handle);
    buffer.unref();
    this.#buffers.delete(handle);
    this.#handles.delete(buffer);
    holders.set(buffer, (holders.get(buffer) ?? 1) - 1);
  }

  /**
   * Maps a buffer by its offset, in bytes and a multiple of 4096; it may point into the buffer (`ttm_bo_mmap`).
   *
   * @param length In bytes; the rest of the buffer, if left out.
   * @throws {TtmError} `EINVAL` if the offset names nothing or the length goes beyond the buffer; `EPERM` if the client has no
   * handle of the buffer, or the driver does not let it map it.
   */
  mmap(offset: number, length?: number): UserMap {
    this.#mustBeOpen("map");
    checkInteger("map", "offset", offset, 0, Number.MAX_SAFE_INTEGER);
    const found = this.#device.lookup(offset);
    if (found === null || offset % PAGE_SIZE !== 0) {
      throw new TtmError("EINVAL", `Cannot map: offset ${offset} is not that of a page of a buffer`);
    }
    const { buffer } = found;
    this.#verifyAccess(buffer);
    const firstPage = found.offset / PAGE_SIZE;
    const rest = (buffer.pages - firstPage) * PAGE_SIZE;
    checkInteger("map", "length", length ?? rest, 1, rest);
    return new UserMap(this.#state, buffer, firstPage, Math.ceil((length ?? rest) / PAGE_SIZE));
  }

  /** What it holds at present. */
  usage(): ClientUsage {
    const usage = { buffers: 0, bytes: 0, sharedBytes: 0, swappedBytes: 0, activeBytes: 0 };
    const residentBytes: Record<string, number> = Object.fromEntries(this.#device.memoryTypes.map((name) => [name, 0]));
    for (const buffer of this.#buffers.values()) {
      const { pages, memoryType } = buffer;
      const bytes = pages * PAGE_SIZE;
      usage.buffers++;
      usage.bytes += bytes;
      if ((holders.get(buffer) ?? 0) > 1) usage.sharedBytes += bytes;
      if (buffer.swapped) usage.swappedBytes += bytes;
      else if (memoryType !== null) residentBytes[memoryType] = (residentBytes[memoryType] ?? 0) + bytes;
      if (buffer.busy) usage.activeBytes += bytes;
    }
    return { ...usage, residentBytes };
  }

  /**
   * Gives all handles up. A second call does nothing.
   *
   * @throws {TtmError} `EINVAL` if a buffer has no other user and is reserved; it and those after it are still held then.
   */
  close(): void {
    for (const handle of this.handles) this.release(handle);
    this.#closed = true;
  }

  /** Gives all handles up, as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #hold(buffer: BufferObject): number {
    const handle = ++this.#lastHandle;
    this.#buffers.set(handle, buffer);
    this.#handles.set(buffer, handle);
    holders.set(buffer, (holders.get(buffer) ?? 0) + 1);
    return handle;
  }

  #verifyAccess(buffer: BufferObject): void {
    const what = `Cannot map ${buffer}: client "${this.name}"`;
    if (!this.#handles.has(buffer)) throw new TtmError("EPERM", `${what} has no handle of it`);
    let isAllowed;
    try {
      isAllowed = this.#state.driver.verifyAccess?.(buffer, this) ?? true;
    } catch (cause) {
      throw new TtmError("EPERM", `${what} may not`, { cause });
    }
    if (!isAllowed) throw new TtmError("EPERM", `${what} may not`);
  }

  #mustBeOpen(what: string): void {
    if (this.#closed) throw new TtmError("EINVAL", `Cannot ${what}: client "${this.name}" is closed`);
  }
}
