import { accessBytes, grabForWrite, mapForKernel, populatePages } from "../calls/cpu_access.ts";
import { BufferRecord } from "../state/buffer_record.ts";
import { checkInteger, checkWaitOptions, show } from "../base/arguments.ts";
import type { CheckedBufferOptions } from "../contract/buffer_options.ts";
import { BulkMove } from "../resource/bulk_move.ts";
import {
  checkTicket,
  mustBeReserved,
  mustLive,
  reserve,
  reserveForCall,
  Turn,
  unlockFormer,
} from "../calls/reserve.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { reserveError } from "../calls/call_errors.ts";
import { Fence } from "../lock/fence.ts";
import { type FenceUsage, isFenceUsage } from "../lock/fence_list.ts";
import { mappingsOf, unmapVirtual } from "../memory/io_memory.ts";
import type { KernelMap, MapRange } from "../memory/kernel_map.ts";
import { dropLastUser } from "../place/release.ts";
import { Lru } from "../resource/lru.ts";
import { once } from "../base/disposable.ts";
import { type Blocker, Operation } from "../state/operation.ts";
import {
  IDLE_OPTIONS,
  NO_OPTIONS,
  READ_OPTIONS,
  type ReadOptions,
  type ReserveOptions,
  type ValidateOptions,
  type WaitOptions,
  WRITE_OPTIONS,
  type WriteOptions,
} from "../contract/call_options.ts";
import * as outcomes from "../base/outcome.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";
import type { Placement } from "../contract/placement.ts";
import type { PreparedPlacement } from "../resource/prepared_placement.ts";
import { readAccess, writeAccess } from "../place/access.ts";
import { PRIORITIES } from "../base/units.ts";
import { mapForUser, mmapOffsetOf, type UserMap } from "./user_map.ts";
import { validateAndWait, validateOnce } from "../calls/validation.ts";
import { complete } from "../state/wait.ts";

const { BLOCKED, DONE } = outcomes;

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
export class BufferObject extends BufferRecord implements Disposable {
  /** @internal */
  declare protected readonly state: DeviceState;

  /** @internal */
  constructor(state: DeviceState, options: CheckedBufferOptions) {
    super(state, options);
  }

  /**
   * Locks the reservation if it is free.
   *
   * @returns false if it is locked, and the caller may wait for it.
   * @throws {TtmError} `EINVAL` after the last reference is gone, or if `ticket` is not an acquire ticket; `EALREADY`
   * if the ticket holds the reservation; `EDEADLK` if an older ticket holds it or waits for it and this ticket holds
   * other locks: unlock those, then {@linkcode reserve} this buffer.
   */
  tryReserve(ticket: AcquireTicket | null = null): boolean {
    mustLive(this, "reserve");
    if (ticket !== null) checkTicket(this, ticket);
    const outcome = this.reservation.tryLock(ticket);
    if (outcome === DONE || outcome === BLOCKED) return outcome === DONE;
    throw reserveError("reserve", this, outcome);
  }

  /**
   * Locks the reservation, waiting in line for it without a time limit: a caller that holds it already and passes no
   * ticket waits forever. Dispose of the result, or call {@linkcode unreserve}; the result does not unlock the
   * reservation of a later holder.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone; `EBUSY` with `noWait` if it is locked; with a ticket
   * `EALREADY` and `EDEADLK` as {@linkcode tryReserve}, `EDEADLK` also during the wait. An aborted signal rejects with
   * its reason. On error nothing has changed.
   */
  reserve(options: ReserveOptions = NO_OPTIONS): Promise<Disposable> {
    // The usual case: the reservation is free. Locking it here costs less than a call of an async function.
    const isMine = options === NO_OPTIONS && !this.disposed && this.reservation.tryLock() === DONE;
    return isMine ? Promise.resolve(new Turn(this)) : reserve(this.state, this, "reserve", options, Infinity);
  }

  /**
   * Unlocks the reservation and moves the buffer to the LRU tail, or tells another policy that it was used.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved.
   */
  unreserve(): void {
    if (this.disposed || !this.reserved) return unlockFormer(this, "unreserve");
    const row = this.resource;
    if (row >= 0) {
      const { order, tracer } = this.state;
      order.touch(row, this);
      tracer.use?.(this);
    }
    this.reservation.release();
  }

  /**
   * Unlocks the reservation without changing the eviction order.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved.
   */
  unlock(): void {
    if (this.disposed || !this.reserved) return unlockFormer(this, "unlock");
    this.reservation.release();
  }

  /**
   * Waits until the reservation is free, without keeping it locked (`ttm_bo_wait_unreserved`).
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone; `EBUSY` with `noWait` if it is locked; `EDEADLK` if
   * one holder, perhaps the caller itself, keeps it for 15 s. An aborted signal rejects with its reason.
   */
  async waitUnreserved(options: WaitOptions = {}): Promise<void> {
    const what = "wait for the reservation of";
    mustLive(this, what);
    checkWaitOptions(what, options, this);
    options.signal?.throwIfAborted();
    const { reservation } = this;
    if (!reservation.locked) return;
    await reserveForCall(this.state, this, what, options);
    reservation.release();
  }

  /**
   * Adds the buffer to a bulk move, whose members stay together on the LRU list; null removes it from its bulk move.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved, the bulk move has members of another device, or the
   * device's policy is neither `lru()` nor `mru()`.
   */
  setBulkMove(bulk: BulkMove | null): void {
    mustBeReserved(this, "set the bulk move of");
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
    const row = this.resource;
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
    mustBeReserved(this, "set the priority of");
    const checked = checkInteger(`set the priority of ${this}`, "priority", priority, 0, PRIORITIES - 1);
    const { priority: from, resource: row } = this;
    if (checked === from) return;
    const { order, tracer } = this.state;
    if (row >= 0) order.leaveBulk(row);
    this.priority = checked;
    if (row >= 0) order.relist(row, this);
    tracer.priority?.(this, from);
  }

  /**
   * Makes one attempt to move the buffer to one of the places, evicting other buffers if necessary. Never waits.
   *
   * @returns null if the buffer is in one of the places; otherwise the fence that must signal, or with an acquire
   * ticket the reservation that must be unlocked, before another attempt can succeed.
   * @throws {TtmError} As {@linkcode validate}.
   */
  tryValidate(placement: Placement | PreparedPlacement): Blocker | null {
    return this.isSettledFor(placement) ? null : validateOnce(this.state, this, placement);
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
    if (options === NO_OPTIONS && this.isSettledFor(placement)) return FULFILLED;
    return validateAndWait(this.state, this, placement, options);
  }

  /** The usual case: it is in place already. Finding that here costs less than a call of an async function. */
  private isSettledFor(placement: Placement | PreparedPlacement): boolean {
    return this.settledFor === placement && placement !== null && !this.disposed && this.reserved;
  }

  /**
   * Waits until the fences of the buffer have signalled. With a usage, waits only for the fences of that usage and of
   * those before it in the order kernel, write, read, bookkeep.
   *
   * @throws {TtmError} `EBUSY` after 15 s, or at once with `noWait`; `EIO` if a fence that was waited for failed, with
   * its error as the `cause`; `EINVAL` after the last reference is gone.
   */
  async wait(options: WaitOptions & { readonly usage?: FenceUsage } = {}): Promise<void> {
    mustLive(this, "wait for");
    checkWaitOptions("wait for", options, this, IDLE_OPTIONS);
    if (options.usage !== undefined && !isFenceUsage(options.usage)) {
      throw new TtmError("EINVAL", `Cannot wait for ${this}: there is no usage ${show(options.usage)}`);
    }
    const op = new Operation(this.state.tracer, options.noWait === true, this).start("wait");
    const attempt = () => op.waitForAll(this.reservation, options.usage);
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
    return await grabForWrite(this.state, this, options);
  }

  /**
   * Allocates the backing pages of the buffer, or swaps them in from the swap store (`ttm_bo_populate`).
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved, or has no translation table because it is in
   * device-resident memory or was never validated; `ENOMEM` if there is no host memory; `EIO` if the pages cannot be
   * read from the store; `EBUSY` as {@linkcode validate}.
   */
  async populate(options: WaitOptions = {}): Promise<void> {
    await populatePages(this.state, this, options);
  }

  /**
   * Adds a fence to the buffer's reservation: the submitted work uses the buffer until the fence signals.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved, `fence` is not a `Fence`, or the usage is unknown.
   */
  addFence(fence: Fence, usage: FenceUsage): void {
    mustBeReserved(this, "add a fence to");
    if (!(fence instanceof Fence) || !isFenceUsage(usage)) {
      throw new TtmError("EINVAL", `Cannot add a fence to ${this}: ${show(usage)} or the fence itself is none`);
    }
    this.reservation.reserveFence();
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
    mustBeReserved(this, "pin");
    const row = this.resource;
    if (row >= 0) this.state.order.leaveBulk(row);
    this.pins = this.pins + 1;
    if (this.pins === 1) this.state.tracer.pin?.(this);
    const { timesUnpinned } = this;
    return once<BufferObject>(this, (buffer) => {
      if (!buffer.disposed && buffer.timesUnpinned === timesUnpinned) buffer.endPin();
    });
  }

  /**
   * Decrements the pin count.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved or not pinned.
   */
  unpin(): void {
    mustBeReserved(this, "unpin");
    if (this.pins === 0) throw new TtmError("EINVAL", `Cannot unpin ${this}: it is not pinned`);
    this.endPin();
  }

  /** @internal Ends one pin. */
  private endPin(): void {
    this.pins = this.pins - 1;
    if (this.pins > 0) return;
    this.timesUnpinned++;
    this.state.tracer.unpin?.(this);
    const row = this.resource;
    if (row < 0) return;
    this.state.order.joinBulkUnpinned(row);
    if (!this.reserved) this.state.order.touch(row, this);
    if (!this.state.returns.isEmpty) this.offerRoom();
  }

  /** The buffer may make room for imported bytes on their way back, as soon as nobody has it reserved. */
  private offerRoom(): void {
    const { reservation, state: { returns } } = this;
    if (!this.reserved) return returns.retry();
    reservation.enqueue(null, () => {
      reservation.release();
      returns.retry();
    });
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
    await accessBytes(this.state, this, request, options);
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
    await accessBytes(this.state, this, writeAccess(this, data, options.offset ?? 0), options);
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
    return await mapForKernel(this.state, this, range, options);
  }

  /**
   * Maps all pages for a user that holds this object (`ttm_bo_mmap_obj`); clients map by {@linkcode mmapOffset}. Each
   * page is faulted in on first access.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone, or for a kernel buffer.
   */
  mmap(): UserMap {
    return mapForUser(this.state, this);
  }

  /**
   * The mmap offset of the buffer, in bytes: clients pass it to map the buffer. It does not change until the last
   * reference is gone.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone, or for a kernel buffer; `ENOSPC` if no range of
   * offsets is free.
   */
  mmapOffset(): number {
    return mmapOffsetOf(this.state, this);
  }

  /**
   * Removes the pages from all user maps; they are faulted in again on the next access (`ttm_bo_unmap_virtual`).
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone.
   */
  unmapVirtual(): void {
    mustLive(this, "unmap");
    unmapVirtual(this.state, this);
  }

  /**
   * Takes a reference. The buffer is freed when {@linkcode unref} has dropped every reference.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone.
   */
  ref(): this {
    mustLive(this, "take a reference to");
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
    mustLive(this, "release");
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
    if (this.users > 1 || !this.reserved) return this.endKeeping();
    const { reservation } = this;
    reservation.enqueue(null, () => {
      this.endKeeping();
      reservation.release();
    });
  }

  /** @internal Drops a reference of a map or a grab. */
  private endKeeping(): void {
    mappingsOf(this).keepers--;
    if (--this.users === 0) dropLastUser(this.state, this);
  }

  /** Drops a reference, as {@linkcode unref}. */
  [Symbol.dispose](): void {
    this.unref();
  }
}
