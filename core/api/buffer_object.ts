import { type Access, access, readAccess, writeAccess } from "../place/access.ts";
import { checkBoolean, checkInteger, checkOptions, checkWaitOptions, show } from "../base/arguments.ts";
import type { CheckedBufferOptions } from "../contract/buffer_options.ts";
import { BulkMove } from "../state/bulk_move.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { accessError, validateError } from "./failure.ts";
import { Fence } from "../lock/fence.ts";
import { type FenceUsage, isFenceUsage } from "../lock/fence_list.ts";
import { mappingsOf, unmapVirtual } from "../memory/io_memory.ts";
import { type KernelMap, MAP_RANGE, mapPages, type MapRange } from "../memory/kernel_map.ts";
import { dropLastUser } from "../place/release.ts";
import { Lru } from "../state/lru.ts";
import { once } from "../base/disposable.ts";
import { type Blocker, Operation } from "../state/operation.ts";
import {
  IDLE_OPTIONS,
  NO_OPTIONS,
  READ_OPTIONS,
  type ReadOptions,
  VALIDATE_OPTIONS,
  type ValidateOptions,
  type WaitOptions,
  WRITE_OPTIONS,
  type WriteOptions,
} from "../contract/call_options.ts";
import { BLOCKED, DONE, EINVAL, type Outcome } from "../base/outcome.ts";
import type { Placement } from "../contract/placement.ts";
import { populate } from "../memory/populate.ts";
import { PreparedPlacement } from "../state/prepared_placement.ts";
import { ReservableBuffer } from "./reservable_buffer.ts";
import { PAGE_SIZE, PRIORITIES } from "../base/units.ts";
import { UserMap } from "./user_map.ts";
import { validate } from "../place/validate.ts";
import { complete, waitAndRepeat } from "../state/wait.ts";

const FULFILLED: Promise<void> = Promise.resolve();

/**
 * A piece of memory that a device places, moves and evicts (`ttm_buffer_object`). Made by `device.createBuffer`.
 *
 * It must be reserved while it is validated, pinned, read or written. Work that uses it is announced by
 * {@linkcode addFence}; it is neither moved away under that work nor freed before its end.
 *
 * @example Reserve, validate, write, and read back
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using buffer = device.createBuffer({ bytes: 4096 });
 * {
 *   using _reservation = await buffer.reserve();
 *   await buffer.validate({ placement: [{ memoryType: "system" }] });
 *   await buffer.write(new Uint8Array([1, 2, 3]));
 *   assertEquals(await buffer.read({ length: 4 }), new Uint8Array([1, 2, 3, 0]));
 * }
 * ```
 */
export class BufferObject extends ReservableBuffer implements Disposable {
  /** @internal */
  constructor(state: DeviceState, options: CheckedBufferOptions) {
    super(state, options);
  }

  /**
   * Makes the buffer keep together with others in the order of eviction, or with null no longer.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved, the bulk has members of another device, or the device's policy is
   * neither `lru()` nor `mru()`.
   */
  setBulkMove(bulk: BulkMove | null): void {
    this.mustBeReserved("set the bulk move of");
    if (bulk !== null && !(bulk instanceof BulkMove)) {
      throw new TtmError("EINVAL", `Cannot set the bulk move of ${this}: ${show(bulk)} is none`);
    }
    if (bulk === this.bulkMove) return;
    const { order, resources } = this.state;
    if (bulk !== null) {
      if (!(order.policy instanceof Lru)) {
        throw new TtmError("EINVAL", `Cannot set the bulk move of ${this}: the policy "${order.policy.name}" has none`);
      }
      bulk.attach(order.policy, resources);
    }
    const row = this.resourceRow;
    if (row >= 0) order.leaveBulk(row);
    this.bulkMove = bulk;
    if (row >= 0) order.joinBulk(row);
  }

  /**
   * Changes the priority, 0 to 3: buffers of a lower one are evicted first. Among those of its new priority the buffer is
   * the last to be evicted.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved, or there is no such priority.
   */
  setPriority(priority: number): void {
    this.mustBeReserved("set the priority of");
    const checked = checkInteger(`set the priority of ${this}`, "priority", priority, 0, PRIORITIES - 1);
    if (checked === this.priority) return;
    const row = this.resourceRow;
    if (row >= 0) this.state.order.leaveBulk(row);
    this.priority = checked;
    if (row >= 0) this.state.order.relist(row, this);
  }

  /**
   * One attempt to bring the buffer to one of the places, evicting others if need be.
   *
   * @returns null when it is there, else the fence that must signal, or under a ticket the reservation that must be given
   * up, before another attempt makes sense.
   * @throws {TtmError} As {@linkcode validate}.
   */
  tryValidate(placement: Placement | PreparedPlacement): Blocker | null {
    const prepared = this.#prepare(placement);
    if (this.settledFor === prepared) return null;
    const { submissions } = this.state;
    const op = submissions.next(this);
    const outcome = validate(this.state, this, prepared, op);
    if (outcome === DONE) return null;
    if (outcome === BLOCKED) {
      submissions.keep(this, op);
      return op.blockedOn;
    }
    throw validateError(this.state, this, prepared, op, outcome);
  }

  /**
   * Brings the buffer to one of the places, evicting others and waiting for them if need be. Two empty lists take
   * place and contents away. Evictions stay even if the call fails; the buffer itself is then where it was.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved, would have to move while pinned, or a place makes no sense;
   * `ENOMEM` with a report if there is no room, or no memory for pages; `ENOSPC` if a stop on the way has no room;
   * `EBUSY` after 15 s of waiting, with `noWait` if its own work is in the way, or if a manager is busy; what the driver threw
   * as `cause`.
   * An aborted signal rejects with its reason.
   */
  validate(placement: Placement | PreparedPlacement, options: ValidateOptions = NO_OPTIONS): Promise<void> {
    const isPlain = options === NO_OPTIONS && placement instanceof PreparedPlacement && !this.disposed && this.reserved;
    // What is usual: it is there, and an async function would cost more than to see that.
    if (isPlain && this.settledFor === placement) return FULFILLED;
    return this.#validate(placement, options);
  }

  async #validate(placement: Placement | PreparedPlacement, options: ValidateOptions): Promise<void> {
    const prepared = this.#prepare(placement);
    checkWaitOptions("validate", options, this, VALIDATE_OPTIONS);
    if (options.evictSiblings !== undefined) checkBoolean(`validate ${this}`, "evictSiblings", options.evictSiblings);
    const op = new Operation(this.state.tracer, options.noWait === true, this);
    if (options.evictSiblings === true) op.siblings = this.reservation;
    op.signal = options.signal;
    options.signal?.throwIfAborted();
    // The first attempt by itself: a function to repeat would cost more than all of it.
    let outcome = validate(this.state, this, prepared, op);
    if (outcome === BLOCKED) {
      const attempt = () => this.#validateOnce(prepared, op);
      outcome = await waitAndRepeat(this.state.clock, op, options.signal, attempt, this.reservation.holder);
    }
    if (outcome !== DONE) throw validateError(this.state, this, prepared, op, outcome);
  }

  /**
   * Waits for the work on the buffer: with a usage, only for that and what comes before it (kernel, write, read).
   *
   * @throws {TtmError} `EBUSY` after 15 s, or at once with `noWait`; `EIO` if work that was waited for failed, with its
   * error as the cause; `EINVAL` after the last reference is gone.
   */
  async wait(options: WaitOptions & { readonly usage?: FenceUsage } = {}): Promise<void> {
    this.mustLive("wait for");
    checkWaitOptions("wait for", options, this, IDLE_OPTIONS);
    if (options.usage !== undefined && !isFenceUsage(options.usage)) {
      throw new TtmError("EINVAL", `Cannot wait for ${this}: there is no usage ${show(options.usage)}`);
    }
    const op = new Operation(this.state.tracer, options.noWait === true, this);
    const attempt = () => op.waitForAll(this.reservation.fences, options.usage);
    const outcome = await complete(this.state.clock, op, options.signal, attempt);
    if (outcome !== DONE) throw op.error(`wait for ${this}`, "its work has not ended", outcome);
    if (op.firstFailure === undefined) return;
    throw new TtmError("EIO", `Cannot wait for ${this}: its work failed`, { cause: op.firstFailure });
  }

  /**
   * Waits for the work on the buffer and then keeps it out of submissions: `reserveList` refuses it with `EBUSY` until the
   * result is disposed of. Grabs nest, and keep the buffer alive. Validating and evicting it go on
   * (`ttm_bo_synccpu_write_grab`).
   *
   * @throws {TtmError} As {@linkcode reserve} and {@linkcode wait}; `EDEADLK` if one party, perhaps the caller, keeps the
   * buffer reserved for 15 s. Nothing is grabbed then.
   */
  async grabForCpuWrite(options: WaitOptions = {}): Promise<Disposable> {
    const turn = await this.reserveFor("grab", options);
    try {
      await this.wait(options);
      this.keep();
      mappingsOf(this).writers++;
    } finally {
      turn[Symbol.dispose]();
    }
    return once<BufferObject>(this, (buffer) => {
      mappingsOf(buffer).writers--;
      buffer.letGo();
    });
  }

  /**
   * Makes the host pages of the buffer exist, bringing them back from the swap store if they are there (`ttm_bo_populate`).
   *
   * @throws {TtmError} `EINVAL` if it is not reserved, or has no host pages because it is in device-resident memory or was
   * never placed; `ENOMEM` without memory; `EIO` if they cannot be read back; `EBUSY` as {@linkcode validate}.
   */
  async populate(options: WaitOptions = {}): Promise<void> {
    this.mustBeReserved("populate");
    checkWaitOptions("populate", options, this);
    const op = new Operation(this.state.tracer, options.noWait === true, this);
    const outcome = await complete(this.state.clock, op, options.signal, () => {
      this.mustBeReserved("populate");
      const { tt } = this;
      return tt === null ? EINVAL : populate(this.state, this, tt, op);
    });
    if (outcome !== DONE) throw accessError(`populate ${this}`, op, outcome);
  }

  /**
   * Announces work that uses the buffer until the fence signals.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved, or the usage is unknown.
   */
  addFence(fence: Fence, usage: FenceUsage): void {
    this.mustBeReserved("add a fence to");
    if (!(fence instanceof Fence) || !isFenceUsage(usage)) {
      throw new TtmError("EINVAL", `Cannot add a fence to ${this}: ${show(usage)} or the fence itself is none`);
    }
    this.reservation.fences.reserve(1);
    if (!fence.signalled) this.reservation.fences.add(fence, usage);
  }

  /**
   * Keeps the buffer where it is, until as many {@linkcode unpin}: it is not evicted, and validating it elsewhere
   * fails. Dispose of the result, or call `unpin`; the result does nothing to pins that came when all earlier ones had
   * been taken back. It joins the list of the pinned when it is unreserved, and leaves it when it is unreserved after the
   * last unpin. Pins end with the last reference.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved.
   */
  pin(): Disposable {
    this.mustBeReserved("pin");
    const row = this.resourceRow;
    if (row >= 0) this.state.order.leaveBulk(row);
    this.state.buffers.setPins(this.row, this.pins + 1);
    const { timesUnpinned } = this;
    return once<BufferObject>(this, (buffer) => {
      if (!buffer.disposed && buffer.timesUnpinned === timesUnpinned) buffer.#unpin();
    });
  }

  /**
   * Takes one pin back.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved or not pinned.
   */
  unpin(): void {
    this.mustBeReserved("unpin");
    if (this.pins === 0) throw new TtmError("EINVAL", `Cannot unpin ${this}: it is not pinned`);
    this.#unpin();
  }

  #unpin(): void {
    this.state.buffers.setPins(this.row, this.pins - 1);
    if (this.pins > 0) return;
    this.timesUnpinned++;
    const row = this.resourceRow;
    if (row < 0) return;
    this.state.order.joinBulkUnpinned(row);
    if (!this.reserved) this.state.order.touch(row, this);
  }

  /**
   * Reads bytes as the CPU sees them, after the moves and writes that were submitted. A buffer that was never
   * written reads as zero.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved, the range is not inside the buffer, or the CPU cannot see its
   * device memory; `EIO` if the contents were lost; `ENODEV` if the driver keeps no bytes; `EBUSY` as
   * {@linkcode validate}.
   */
  async read(options: ReadOptions = {}): Promise<Uint8Array> {
    checkWaitOptions("read", options, this, READ_OPTIONS);
    const request = readAccess(this, options.offset ?? 0, options.length);
    await this.#access("read", request, options);
    return request.bytes;
  }

  /**
   * Writes the bytes of an array or a buffer as the CPU does, after the moves and the work that were submitted.
   *
   * @throws {TtmError} As {@linkcode read}; also `EINVAL` if the buffer has no place, `ENOMEM` without host memory.
   */
  async write(data: ArrayBufferView | ArrayBufferLike, options: WriteOptions = {}): Promise<void> {
    checkWaitOptions("write", options, this, WRITE_OPTIONS);
    await this.#access("write", writeAccess(this, data, options.offset ?? 0), options);
  }

  async #access(what: string, request: Access, options: WaitOptions): Promise<void> {
    const op = new Operation(this.state.tracer, options.noWait === true, this);
    const outcome = await complete(this.state.clock, op, options.signal, () => {
      this.mustBeReserved(what);
      return access(this.state, this, request, op);
    });
    if (outcome !== DONE) throw accessError(`${what} ${this}`, op, outcome);
  }

  /**
   * Maps pages for the CPU, after the moves that were submitted: host pages, which may come back from the swap store for it,
   * or device memory through a window of the driver's (`ttm_bo_kmap`). Dispose of the result.
   *
   * @param range All pages if left out.
   * @throws {TtmError} `EINVAL` if it is not reserved or has no place, the range is not inside the buffer, or the CPU
   * cannot see its place; `EAGAIN` if all windows are taken; otherwise as {@linkcode read}. Nothing is mapped then.
   */
  async map(range: Partial<MapRange> = {}, options: WaitOptions = {}): Promise<KernelMap> {
    const what = `map ${this}`;
    checkOptions(what, range, MAP_RANGE, "the range");
    checkWaitOptions(what, options);
    const firstPage = checkInteger(what, "firstPage", range.firstPage ?? 0, 0, this.pages - 1);
    const pages = checkInteger(what, "pages", range.pages ?? this.pages - firstPage, 1, this.pages - firstPage);
    const op = new Operation(this.state.tracer, options.noWait === true, this);
    let map = null as KernelMap | null;
    const outcome = await complete(this.state.clock, op, options.signal, () => {
      this.mustBeReserved("map");
      const mapped = mapPages(this.state, this, { firstPage, pages }, op);
      if (typeof mapped === "number") return mapped;
      map = mapped;
      return DONE;
    });
    if (map === null) throw accessError(what, op, outcome);
    return map;
  }

  /**
   * Maps all pages for a user who holds this object (`ttm_bo_mmap_obj`); clients map by {@linkcode mmapOffset}. Nothing is
   * there until it is touched.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone, or for a kernel buffer.
   */
  mmap(): UserMap {
    this.mustLive("map");
    this.#mustBeForUsers();
    return new UserMap(this.state, this, 0, this.pages);
  }

  /**
   * The offset, in bytes, by which clients name the buffer when they map it. It stays the same until the last reference is
   * gone.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone, or for a kernel buffer; `ENOSPC` if there is none left.
   */
  mmapOffset(): number {
    this.mustLive("name an offset for");
    this.#mustBeForUsers();
    const maps = mappingsOf(this);
    if (maps.firstOffset < 0) {
      const first = this.state.mmapOffsets.allocate(this);
      if (first === null) {
        throw new TtmError("ENOSPC", `Cannot name an offset for ${this}: ${this.pages} pages do not fit`);
      }
      maps.firstOffset = first;
    }
    return maps.firstOffset * PAGE_SIZE;
  }

  /**
   * Takes the pages from all maps of users; they fault back in when they are touched (`ttm_bo_unmap_virtual`).
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone.
   */
  unmapVirtual(): void {
    this.mustLive("unmap");
    unmapVirtual(this.state, this);
  }

  /**
   * Adds a user: as many {@linkcode unref} as users free the buffer.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone.
   */
  ref(): this {
    this.mustLive("take a reference to");
    this.users++;
    return this;
  }

  /**
   * Removes a user. The last one ends the handle, and with it pins, maps of the kernel and the part in a bulk move; memory
   * that submitted work still uses is freed after that work. Maps of users and grabs are users themselves until they are
   * disposed of.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone, if all that are left are those of maps and grabs, or if
   * the last one leaves it reserved.
   */
  unref(): void {
    this.mustLive("release");
    if (this.users === this.mappings?.keepers) {
      throw new TtmError("EINVAL", `Cannot release ${this}: all that keeps it are maps and grabs, until they end`);
    }
    if (this.users === 1 && this.reserved && this.shared === null) {
      throw new TtmError("EINVAL", `Cannot release ${this}: it is reserved`);
    }
    if (--this.users === 0) dropLastUser(this.state, this);
  }

  /** @internal Adds a map or a grab as a user, which nobody but {@linkcode letGo} removes. */
  keep(): this {
    mappingsOf(this.ref()).keepers++;
    return this;
  }

  /** @internal Removes a map or a grab. If it is the last user, whoever has reserved the buffer comes first. */
  letGo(): void {
    if (this.users > 1 || !this.reserved) return this.#endKeeping();
    const { reservation } = this;
    reservation.enqueue(null, () => {
      this.#endKeeping();
      reservation.unlock();
    });
  }

  #endKeeping(): void {
    mappingsOf(this).keepers--;
    if (--this.users === 0) dropLastUser(this.state, this);
  }

  /** Removes a user, as {@linkcode unref}. */
  [Symbol.dispose](): void {
    this.unref();
  }

  #mustBeForUsers(): void {
    if (this.kind === "kernel") throw new TtmError("EINVAL", `Cannot map ${this}: it is a kernel buffer`);
  }

  #prepare(placement: Placement | PreparedPlacement): PreparedPlacement {
    this.mustBeReserved("validate");
    if (!(placement instanceof PreparedPlacement)) return new PreparedPlacement(this.state.typesByName, placement);
    if (placement.types === this.state.typesByName) return placement;
    throw new TtmError("EINVAL", `Cannot validate ${this}: the placement was prepared by another device`);
  }

  #validateOnce(placement: PreparedPlacement, op: Operation): Outcome {
    this.mustBeReserved("validate");
    return validate(this.state, this, placement, op);
  }
}
