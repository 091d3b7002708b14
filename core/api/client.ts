import { checkInteger, optionNames, show } from "../base/arguments.ts";
import type { BufferObject } from "./buffer_object.ts";
import type { BufferOptions } from "../contract/buffer_options.ts";
import type { ClientView } from "../contract/client_view.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import type { GroupRecord } from "../groups/group_record.ts";
import { PAGE_SIZE } from "../base/units.ts";
import { UserMap } from "./user_map.ts";

/** Memory use of a client (as in DRM fdinfo); sizes in bytes. */
export interface ClientUsage {
  /** Number of buffers that the client has handles of. */
  readonly buffers: number;
  /** Total size of those buffers. */
  readonly bytes: number;
  /** Size of the buffers that other clients have handles of as well. */
  readonly sharedBytes: number;
  /** Size of the buffers in each memory type, by name of the type. */
  readonly residentBytes: Readonly<Record<string, number>>;
  /** Size of the buffers that are swapped out. */
  readonly swappedBytes: number;
  /** Size of the buffers that submitted work or a move uses. */
  readonly activeBytes: number;
}

/** The part of a device that a client uses. */
interface DeviceOfClient {
  readonly memoryTypes: readonly string[];
  createBuffer(options: BufferOptions): BufferObject;
  lookup(offset: number): { readonly buffer: BufferObject; readonly offset: number } | null;
}

/** The properties of a new client. */
export interface ClientOptions {
  /** The group that the buffers that it creates are charged to, a `MemoryGroup` of the device. @default {none} */
  readonly group?: GroupRecord;
}

export const CLIENT_OPTIONS: ReadonlySet<string> = optionNames<ClientOptions>({ group: true });

/** Number of clients that have handles of a buffer. */
const holders: WeakMap<BufferObject, number> = new WeakMap();

/**
 * A user of a device that names buffers by handles, numbers that are valid in this client only (`drm_file`). Made by
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
  /** Name of the client, for messages and for the driver. */
  readonly name: string;
  /** The group of the buffers that it creates; null if it has none. */
  readonly group: GroupRecord | null;
  #state: DeviceState;
  #device: DeviceOfClient;
  #buffers: Map<number, BufferObject> = new Map();
  #handles: Map<BufferObject, number> = new Map();
  #lastHandle = 0;
  #closed = false;

  /** @internal */
  constructor(state: DeviceState, device: DeviceOfClient, name: string, group: GroupRecord | null) {
    this.#state = state;
    this.#device = device;
    this.name = name;
    this.group = group;
    if (group !== null) group.members++;
  }

  /** The handles, in order of creation. */
  get handles(): number[] {
    return [...this.#buffers.keys()];
  }

  /**
   * Creates a buffer, as `BoDevice.createBuffer`, and a handle of it. It is charged to the group of the client, unless
   * the options name another.
   *
   * @returns The handle; handles start at 1.
   * @throws {TtmError} As `BoDevice.createBuffer`; `EINVAL` if the client is closed.
   */
  createBuffer(options: BufferOptions): number {
    this.#mustBeOpen("create buffer");
    const { group } = this;
    const isOwn = group === null || typeof options !== "object" || options?.group !== undefined;
    return this.#hold(this.#device.createBuffer(isOwn ? options : { ...options, group }));
  }

  /**
   * The buffer of a handle. The reference belongs to the client: call `ref` to keep the buffer for longer.
   *
   * @throws {TtmError} `EINVAL` if this client has no such handle.
   */
  buffer(handle: number): BufferObject {
    const buffer = this.#buffers.get(handle);
    if (buffer !== undefined) return buffer;
    throw new TtmError("EINVAL", `Cannot look up buffer: client "${this.name}" has no handle ${show(handle)}`);
  }

  /**
   * Gives another client of the device a handle of a buffer.
   *
   * @returns The other client's handle; the existing one if it has the buffer already.
   * @throws {TtmError} `EINVAL` if this client has no such handle, or the other client is closed or of another device.
   */
  share(handle: number, other: Client): number {
    const buffer = this.buffer(handle);
    if (!(other instanceof Client) || other.#state !== this.#state) {
      throw new TtmError("EINVAL", `Cannot share ${buffer}: ${show(other)} is not a client of the same device`);
    }
    other.#mustBeOpen(`share ${buffer}`);
    return other.#handles.get(buffer) ?? other.#hold(buffer.ref());
  }

  /**
   * Releases a handle and its reference to the buffer.
   *
   * @throws {TtmError} `EINVAL` if there is no such handle, or it holds the last reference and the buffer is reserved.
   */
  release(handle: number): void {
    const buffer = this.buffer(handle);
    buffer.unref();
    this.#buffers.delete(handle);
    this.#handles.delete(buffer);
    holders.set(buffer, (holders.get(buffer) ?? 1) - 1);
  }

  /**
   * Maps a buffer by its mmap offset (`ttm_bo_mmap`).
   *
   * @param offset In bytes, a multiple of 4096. It may point at a page inside the buffer.
   * @param length In bytes; the rest of the buffer by default.
   * @throws {TtmError} `EINVAL` if no buffer has the offset or the range ends beyond the buffer; `EPERM` if the client
   * has no handle of the buffer, or the driver denies the map.
   */
  mmap(offset: number, length?: number): UserMap {
    this.#mustBeOpen("map");
    checkInteger("map", "offset", offset, 0, Number.MAX_SAFE_INTEGER);
    const found = this.#device.lookup(offset);
    if (found === null || offset % PAGE_SIZE !== 0) {
      throw new TtmError("EINVAL", `Cannot map offset ${offset}: it is not the offset of a buffer's page`);
    }
    const { buffer } = found;
    this.#verifyAccess(buffer);
    const firstPage = found.offset / PAGE_SIZE;
    const rest = (buffer.pages - firstPage) * PAGE_SIZE;
    checkInteger("map", "length", length ?? rest, 1, rest);
    return new UserMap(this.#state, buffer, firstPage, Math.ceil((length ?? rest) / PAGE_SIZE));
  }

  /** The current memory use of the client. */
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
   * Releases all handles, and leaves the group. A second call does nothing.
   *
   * @throws {TtmError} `EINVAL` if a handle holds the last reference to a buffer that is reserved; that handle and
   * those after it are kept.
   */
  close(): void {
    for (const handle of this.handles) this.release(handle);
    if (!this.#closed && this.group !== null) this.group.members--;
    this.#closed = true;
  }

  /** Releases all handles, as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #hold(buffer: BufferObject): number {
    const handle = ++this.#lastHandle;
    this.#buffers.set(handle, buffer);
    this.#handles.set(buffer, handle);
    holders.set(buffer, (holders.get(buffer) ?? 0) + 1);
    this.#state.tracer.handle?.(buffer, this);
    return handle;
  }

  #verifyAccess(buffer: BufferObject): void {
    const what = `Cannot map ${buffer}: client "${this.name}"`;
    if (!this.#handles.has(buffer)) throw new TtmError("EPERM", `${what} has no handle of it`);
    let isAllowed;
    try {
      isAllowed = this.#state.driver.verifyAccess?.(buffer, this) ?? true;
    } catch (cause) {
      throw new TtmError("EPERM", `${what} is refused by the driver`, { cause });
    }
    if (!isAllowed) throw new TtmError("EPERM", `${what} is refused by the driver`);
  }

  #mustBeOpen(what: string): void {
    if (this.#closed) throw new TtmError("EINVAL", `Cannot ${what}: client "${this.name}" is closed`);
  }
}
