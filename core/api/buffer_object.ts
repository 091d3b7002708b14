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
   * Adds the buffer to a bulk move, whose members stay together on the LRU list; null removes it from its bulk move.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved, the bulk move has members of another device, or the
   * device's policy is neither `lru()` nor `mru()`.
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
   * Changes the priority, 0 to 3: buffers of a lower priority are evicted first. The buffer goes to the tail of the LRU
   * list of its new priority.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved, or the priority is not a whole number from 0 to 3.
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
   * Makes one attempt to move the buffer to one of the places, evicting other buffers if necessary. Never waits.
   *
   * @returns null if the buffer is in one of the places; otherwise the fence that must signal, or with an acquire
   * ticket the reservation that must be unlocked, before another attempt can succeed.
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
   * Moves the buffer to one of the places, evicting other buffers and waiting for their moves if necessary. A placement
   * with two empty lists frees the buffer's resource and its contents. If the call fails, the buffer stays in its
   * place; evictions are not undone.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved, is pinned and would have to move, or a place is invalid;
   * `ENOMEM` with a report if no place has room, or there is no host memory for pages; `ENOSPC` if the intermediate
   * place of a multihop move has no room; `EBUSY` after 15 s of waiting, with `noWait` if it would have to wait for the
   * buffer's own work, or if a manager is busy. An error that the driver threw is the `cause`. An aborted signal rejects
   * with its reason.
   */
  validate(placement: Placement | PreparedPlacement, options: ValidateOptions = NO_OPTIONS): Promise<void> {
    const isPlain = options === NO_OPTIONS && placement instanceof PreparedPlacement && !this.disposed && this.reserved;
    // The usual case: the buffer is in place already. This check costs less than a call of an async function.
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
    // The first attempt is inline: allocating the closure for repeats would cost more than the attempt.
    let outcome = validate(this.state, this, prepared, op);
    if (outcome === BLOCKED) {
      const attempt = () => this.#validateOnce(prepared, op);
      outcome = await waitAndRepeat(this.state.clock, op, options.signal, attempt, this.reservation.holder);
    }
    if (outcome !== DONE) throw validateError(this.state, this, prepared, op, outcome);
  }

  /**
   * Waits until the fences of the buffer have signalled. With a usage, waits only for the fences of that usage and of
   * those before it in the order kernel, write, read, bookkeep.
   *
   * @throws {TtmError} `EBUSY` after 15 s, or at once with `noWait`; `EIO` if a fence that was waited for failed, with
   * its error as the `cause`; `EINVAL` after the last reference is gone.
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
   * Waits for the work on the buffer and then blocks submissions that use it: `reserveList` fails with `EBUSY` until
   * the result is disposed of. Grabs nest, and each holds a reference to the buffer. The buffer can still be validated
   * and evicted (`ttm_bo_synccpu_write_grab`).
   *
   * @throws {TtmError} As {@linkcode reserve} and {@linkcode wait}; `EDEADLK` if one holder, perhaps the caller itself,
   * keeps the buffer reserved for 15 s. On error nothing is grabbed.
   */
  async grabForCpuWrite(options: WaitOptions = {}): Promise<Disposable> {
    const turn = await this.reserveFor("grab", options);
    try {
      await this.wait(options);
      this.keep();
      this.becomeDirty();
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
   * Allocates the backing pages of the buffer, or swaps them in from the swap store (`ttm_bo_populate`).
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved, or has no translation table because it is in
   * device-resident memory or was never validated; `ENOMEM` if there is no host memory; `EIO` if the pages cannot be
   * read from the store; `EBUSY` as {@linkcode validate}.
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
   * Adds a fence to the buffer's reservation: the submitted work uses the buffer until the fence signals.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved, `fence` is not a `Fence`, or the usage is unknown.
   */
  addFence(fence: Fence, usage: FenceUsage): void {
    this.mustBeReserved("add a fence to");
    if (!(fence instanceof Fence) || !isFenceUsage(usage)) {
      throw new TtmError("EINVAL", `Cannot add a fence to ${this}: ${show(usage)} or the fence itself is none`);
    }
    this.reservation.fences.reserve(1);
    if (usage === "write" || usage === "kernel") this.becomeDirty();
    if (!fence.signalled) this.reservation.fences.add(fence, usage);
  }

  /**
   * Increments the pin count. While the count is above 0 the buffer is not evicted, and a validate that would move it
   * fails. Dispose of the result, or call {@linkcode unpin}; once the count has been 0, results of earlier pins do
   * nothing. The buffer moves to the pinned list when it is unreserved, and back to the LRU when it is unreserved after
   * the last unpin. Dropping the last reference ends all pins.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved.
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
   * Decrements the pin count.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved or not pinned.
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
   * Reads bytes through the CPU, after waiting for the moves and writes that were submitted. A buffer that was never
   * written reads as zero.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved, the range is not inside the buffer, or its device memory
   * is not CPU-visible; `EIO` if the contents were lost; `ENODEV` if the driver keeps no bytes; `EBUSY` as
   * {@linkcode validate}.
   */
  async read(options: ReadOptions = {}): Promise<Uint8Array> {
    checkWaitOptions("read", options, this, READ_OPTIONS);
    const request = readAccess(this, options.offset ?? 0, options.length);
    await this.#access("read", request, options);
    return request.bytes;
  }

  /**
   * Writes the bytes of a view or an array buffer through the CPU, after waiting for the moves and the work that were
   * submitted.
   *
   * @throws {TtmError} As {@linkcode read}; also `EINVAL` if the buffer has no resource, `ENOMEM` if there is no host
   * memory.
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
   * Maps pages into the kernel's address space, after waiting for the moves that were submitted: backing pages, which
   * are swapped in if necessary, or device memory through an I/O window of the driver (`ttm_bo_kmap`). Dispose of the
   * result.
   *
   * @param range In pages; all pages of the buffer by default.
   * @throws {TtmError} `EINVAL` if the buffer is not reserved or has no resource, the range is not inside the buffer,
   * or its memory is not CPU-visible; `EAGAIN` if all windows are in use; otherwise as {@linkcode read}. On error
   * nothing is mapped.
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
   * Maps all pages for a user that holds this object (`ttm_bo_mmap_obj`); clients map by {@linkcode mmapOffset}. Each
   * page is faulted in on first access.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone, or for a kernel buffer.
   */
  mmap(): UserMap {
    this.mustLive("map");
    this.#mustBeForUsers();
    return new UserMap(this.state, this, 0, this.pages);
  }

  /**
   * The mmap offset of the buffer, in bytes: clients pass it to map the buffer. It does not change until the last
   * reference is gone.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone, or for a kernel buffer; `ENOSPC` if no range of
   * offsets is free.
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
   * Removes the pages from all user maps; they are faulted in again on the next access (`ttm_bo_unmap_virtual`).
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone.
   */
  unmapVirtual(): void {
    this.mustLive("unmap");
    unmapVirtual(this.state, this);
  }

  /**
   * Takes a reference. The buffer is freed when {@linkcode unref} has dropped every reference.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone.
   */
  ref(): this {
    this.mustLive("take a reference to");
    this.users++;
    return this;
  }

  /**
   * Drops a reference. The last one ends pins, kernel maps and membership in a bulk move; memory that submitted work
   * still uses is freed after that work. User maps and CPU write grabs hold a reference each until they are disposed
   * of.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone, if user maps and grabs hold all references that are
   * left, or if it is the last reference and the buffer is reserved.
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

  /** @internal Takes the reference of a user map or a grab, which only {@linkcode letGo} drops. */
  keep(): this {
    mappingsOf(this.ref()).keepers++;
    return this;
  }

  /** @internal Drops the reference of a user map or a grab; the last one only after the reservation is unlocked. */
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

  /** Drops a reference, as {@linkcode unref}. */
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
