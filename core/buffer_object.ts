import { type Access, access, readAccess, writeAccess } from "./access.ts";
import { checkBoolean, checkWaitOptions, show } from "./arguments.ts";
import { BulkMove } from "./bulk_move.ts";
import { dropLastUser } from "./destroy.ts";
import type { DeviceState } from "./device_state.ts";
import { TtmError } from "./errors.ts";
import { reserveError, validateError } from "./failure.ts";
import { Fence } from "./fence.ts";
import { type FenceUsage, isFenceUsage } from "./fence_list.ts";
import { type MemoryType, PAGE_SIZE } from "./memory_type.ts";
import { type Blocker, Operation } from "./operation.ts";
import { BLOCKED, DONE, EBUSY, type Outcome } from "./outcome.ts";
import type {
  BufferKind,
  BufferOptions,
  ReadOptions,
  ReserveOptions,
  ValidateOptions,
  WaitOptions,
  WriteOptions,
} from "./options.ts";
import { once } from "./once.ts";
import { type Place, type Placement, PreparedPlacement } from "./placement.ts";
import { Reservation } from "./reservation.ts";
import { AcquireTicket } from "./ticket.ts";
import type { TranslationTable } from "./translation_table.ts";
import { validate } from "./validate.ts";
import { complete, lock } from "./wait.ts";

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
export class BufferObject implements Disposable {
  /** Number of the buffer, from 0 in order of creation in its device. */
  readonly id: number;
  /** Size in bytes as asked for. */
  readonly bytes: number;
  /** Size in pages of 4096 bytes. */
  readonly pages: number;
  /** Alignment of its start, in pages. */
  readonly alignment: number;
  /** Priority, 0 to 3. */
  readonly priority: number;
  /** The name given at creation. */
  readonly label: string | undefined;
  /** What the memory is for. */
  readonly kind: BufferKind;
  /** The host pages; null in device-resident memory. Drivers read it, the core alone sets it. */
  tt: TranslationTable | null = null;
  /** @internal Row in the buffer table; -1 once freed. */
  row: number;
  /** @internal Nobody keeps it any more; only its work does. */
  isDying = false;
  /** @internal The buffer whose old place this ghost holds while the copy out of it is under way. */
  ghostOf: BufferObject | null = null;
  /** @internal Number of a ghost. */
  made = 0;
  /** @internal How many ghosts hold old places of this one; they keep it alive. */
  ghosts = 0;
  /** @internal Who it keeps together with in the order of eviction. */
  bulkMove: BulkMove | null = null;
  /** @internal The last move was an eviction. */
  wasEvicted = false;
  /** @internal Why the contents are lost. */
  lost: unknown = undefined;
  /** @internal Tells the contents before a purge from those after it. */
  purges = 0;
  #state: DeviceState;
  #reservation: Reservation;
  #shared: Reservation | null;
  #references = 1;

  /** @internal */
  constructor(state: DeviceState, options: { id: number; alignment: number; priority: number } & BufferOptions) {
    this.#state = state;
    this.id = options.id;
    this.bytes = options.bytes;
    this.pages = Math.ceil(options.bytes / PAGE_SIZE);
    this.alignment = options.alignment;
    this.priority = options.priority;
    this.label = options.label;
    this.row = state.buffers.allocate(this, options.priority);
    this.kind = options.kind ?? "device";
    this.#shared = options.reservation ?? null;
    this.#reservation = this.#shared ?? new Reservation();
  }

  /** Lock and fences, its own or shared with other buffers. */
  get reservation(): Reservation {
    return this.#reservation;
  }

  /** Name of the memory type that the buffer is in; null before it is first validated and after a purge. */
  get memoryType(): string | null {
    return this.type?.name ?? null;
  }

  /** First page in its memory type; 0 in SYSTEM, null without a place. */
  get start(): number | null {
    const row = this.#resource;
    return row < 0 ? null : this.#state.resources.start(row);
  }

  /** Where the device sees the buffer, in bytes; null without a place and in SYSTEM. */
  get gpuAddress(): number | null {
    const { type, start } = this;
    return type === null || start === null || type.isSystem ? null : start * PAGE_SIZE + type.gpuOffset;
  }

  /** The place of the placement that the present resource was made for; null without one. */
  get place(): Place | null {
    const row = this.#resource;
    return row < 0 ? null : this.#state.resources.place(row).place;
  }

  /** How often it is pinned. */
  get pins(): number {
    return this.row < 0 ? 0 : this.#state.buffers.pins(this.row);
  }

  /** Whether somebody holds its reservation. */
  get reserved(): boolean {
    return this.reservation.locked;
  }

  /** Whether submitted work or a move still uses it. */
  get busy(): boolean {
    return this.reservation.fences.pending() !== null;
  }

  /** Whether the last user has left, so that the handle can no longer be used. */
  get disposed(): boolean {
    return this.#references === 0 || this.isGhost;
  }

  /** Whether it is no buffer but the old place of one, held until the copy out of it has ended. */
  get isGhost(): boolean {
    return this.ghostOf !== null;
  }

  /** @internal */
  get type(): MemoryType | null {
    const row = this.#resource;
    return row < 0 ? null : this.#state.resources.place(row).type;
  }

  get #resource(): number {
    return this.row < 0 ? -1 : this.#state.buffers.resource(this.row);
  }

  /**
   * Takes the reservation if it is free.
   *
   * @returns false if it has to be waited for.
   * @throws {TtmError} `EINVAL` after the last reference is gone, or if the ticket is none; `EALREADY` if the ticket holds
   * it; `EDEADLK` if the ticket, which holds other locks, has to give way to an older one: unlock those, then
   * {@linkcode reserve} this one.
   */
  tryReserve(ticket: AcquireTicket | null = null): boolean {
    this.#mustLive("reserve");
    this.#checkTicket(ticket);
    const outcome = this.reservation.tryLock(ticket);
    if (outcome === DONE || outcome === BLOCKED) return outcome === DONE;
    throw reserveError(this, outcome);
  }

  /**
   * Takes the reservation, waiting in line for it. Dispose of the result, or call {@linkcode unreserve}.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone; with a ticket `EALREADY` and `EDEADLK` as
   * {@linkcode tryReserve}, the latter also while it waits; the signal's reason when it is aborted. Nothing has changed
   * then.
   */
  async reserve(options: ReserveOptions = {}): Promise<Disposable> {
    this.#mustLive("reserve");
    checkWaitOptions(`reserve ${this}`, options);
    const { ticket = null, signal } = options;
    this.#checkTicket(ticket);
    const { reservation } = this;
    const outcome = await lock(this.#state, reservation, ticket, signal);
    if (outcome !== DONE) throw reserveError(this, outcome);
    if (!this.disposed) return once(() => this.unreserve());
    reservation.unlock();
    throw new TtmError("EINVAL", `Cannot reserve ${this}: its last reference went while it was waited for`);
  }

  /**
   * Gives the reservation up and makes the buffer the last to be evicted.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved.
   */
  unreserve(): void {
    if (this.#unlockFormer()) return;
    this.#mustBeReserved("unreserve");
    const row = this.#resource;
    if (row >= 0) this.#state.lru.moveToTail(row);
    this.reservation.unlock();
  }

  /**
   * Gives the reservation up and leaves the order of eviction alone.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved.
   */
  unlock(): void {
    if (this.#unlockFormer()) return;
    this.#mustBeReserved("unlock");
    this.reservation.unlock();
  }

  /** Whoever reserved a shared reservation by this buffer may give it up by this buffer, even after its release. */
  #unlockFormer(): boolean {
    if (!this.disposed || this.#shared?.locked !== true) return false;
    this.#shared.unlock();
    return true;
  }

  /** @internal Leaves a shared reservation, taking its pending fences along. */
  individualise(): void {
    if (this.#shared === null) return;
    this.#reservation = new Reservation();
    this.#reservation.fences.addFrom(this.#shared.fences);
  }

  /**
   * Makes the buffer keep together with others in the order of eviction, or with null no longer.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved, or the bulk has members of another device.
   */
  setBulkMove(bulk: BulkMove | null): void {
    this.#mustBeReserved("set the bulk move of");
    if (bulk !== null && !(bulk instanceof BulkMove)) {
      throw new TtmError("EINVAL", `Cannot set the bulk move of ${this}: ${show(bulk)} is none`);
    }
    if (bulk === this.bulkMove) return;
    const { lru } = this.#state;
    bulk?.attach(lru);
    const row = this.#resource;
    if (row >= 0) lru.leaveBulk(row);
    this.bulkMove = bulk;
    if (row >= 0) lru.joinBulk(row);
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
    const op = this.#state.single;
    op.begin();
    const outcome = this.#validateOnce(prepared, op);
    if (outcome === DONE) return null;
    if (outcome === BLOCKED) return op.blockedOn;
    throw validateError(this.#state, this, prepared, op, outcome);
  }

  /**
   * Brings the buffer to one of the places, evicting others and waiting for them if need be. Two empty lists take
   * place and contents away. Evictions stay even if the call fails; the buffer itself is then where it was.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved, would have to move while pinned, or a place makes no sense;
   * `ENOMEM` with a report if there is no room, or no memory for pages; `ENOSPC` if a stop on the way has no room;
   * `EBUSY` after 15 s of waiting, or with `noWait` if its own work is in the way; what the driver threw as `cause`.
   * An aborted signal rejects with its reason.
   */
  async validate(placement: Placement | PreparedPlacement, options: ValidateOptions = {}): Promise<void> {
    const prepared = this.#prepare(placement);
    checkWaitOptions(`validate ${this}`, options);
    if (options.evictSiblings !== undefined) checkBoolean(`validate ${this}`, "evictSiblings", options.evictSiblings);
    const op = new Operation(this.#state.tracer, options.noWait === true);
    if (options.evictSiblings === true) op.siblings = this.reservation;
    const attempt = () => this.#validateOnce(prepared, op);
    const outcome = await complete(this.#state, op, options.signal, attempt, this.reservation.holder);
    if (outcome !== DONE) throw validateError(this.#state, this, prepared, op, outcome);
  }

  /**
   * Waits for the work on the buffer: with a usage, only for that and what comes before it (kernel, write, read).
   *
   * @throws {TtmError} `EBUSY` after 15 s, or at once with `noWait`; `EINVAL` after the last reference is gone.
   */
  async wait(options: WaitOptions & { readonly usage?: FenceUsage } = {}): Promise<void> {
    this.#mustLive("wait for");
    checkWaitOptions(`wait for ${this}`, options);
    if (options.usage !== undefined && !isFenceUsage(options.usage)) {
      throw new TtmError("EINVAL", `Cannot wait for ${this}: there is no usage ${show(options.usage)}`);
    }
    const op = new Operation(this.#state.tracer, options.noWait === true);
    const attempt = () => op.waitForAll(this.reservation.fences, options.usage);
    const outcome = await complete(this.#state, op, options.signal, attempt);
    if (outcome !== DONE) throw op.error(`wait for ${this}`, "its work has not ended", outcome);
  }

  /**
   * Announces work that uses the buffer until the fence signals.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved, or the usage is unknown.
   */
  addFence(fence: Fence, usage: FenceUsage): void {
    this.#mustBeReserved("add a fence to");
    if (!(fence instanceof Fence) || !isFenceUsage(usage)) {
      throw new TtmError("EINVAL", `Cannot add a fence to ${this}: ${show(usage)} or the fence itself is none`);
    }
    this.reservation.fences.reserve(1);
    if (!fence.signalled) this.reservation.fences.add(fence, usage);
  }

  /**
   * Keeps the buffer where it is, until as many {@linkcode unpin}: it is not evicted, and validating it elsewhere
   * fails. Dispose of the result, or call `unpin`. It joins the list of the pinned when it is unreserved, and leaves it
   * when it is unreserved after the last unpin.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved.
   */
  pin(): Disposable {
    this.#mustBeReserved("pin");
    const row = this.#resource;
    if (row >= 0) this.#state.lru.leaveBulk(row);
    this.#state.buffers.setPins(this.row, this.pins + 1);
    return once(() => this.#unpin());
  }

  /**
   * Takes one pin back.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved or not pinned.
   */
  unpin(): void {
    this.#mustBeReserved("unpin");
    this.#unpin();
  }

  #unpin(): void {
    this.#mustLive("unpin");
    if (this.pins === 0) throw new TtmError("EINVAL", `Cannot unpin ${this}: it is not pinned`);
    this.#state.buffers.setPins(this.row, this.pins - 1);
    const row = this.#resource;
    if (this.pins > 0 || row < 0) return;
    this.#state.lru.joinBulkUnpinned(row);
    if (!this.reserved) this.#state.lru.moveToTail(row);
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
    checkWaitOptions(`read ${this}`, options);
    const request = readAccess(this, options.offset ?? 0, options.length);
    await this.#access("read", request, options);
    return request.bytes;
  }

  /**
   * Writes bytes as the CPU does, after the moves and the work that were submitted.
   *
   * @throws {TtmError} As {@linkcode read}; also `EINVAL` if the buffer has no place, `ENOMEM` without host memory.
   */
  async write(bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    checkWaitOptions(`write ${this}`, options);
    await this.#access("write", writeAccess(this, bytes, options.offset ?? 0), options);
  }

  async #access(what: string, request: Access, options: WaitOptions): Promise<void> {
    const op = new Operation(this.#state.tracer, options.noWait === true);
    const outcome = await complete(this.#state, op, options.signal, () => {
      this.#mustBeReserved(what);
      return access(this.#state, this, request, op);
    });
    if (outcome === DONE) return;
    const why = op.cause instanceof Error ? op.cause.message : outcome === EBUSY ? "it is busy" : "no memory";
    throw op.error(`${what} ${this}`, why, outcome);
  }

  /**
   * Adds a user: as many {@linkcode unref} as users free the buffer.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone.
   */
  ref(): this {
    this.#mustLive("take a reference to");
    this.#references++;
    return this;
  }

  /**
   * Removes a user. The last one ends the handle; memory that submitted work still uses is freed after that work.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone, or if the last one leaves it reserved.
   */
  unref(): void {
    this.#mustLive("release");
    if (this.#references === 1 && this.reserved && this.#shared === null) {
      throw new TtmError("EINVAL", `Cannot release ${this}: it is reserved`);
    }
    if (--this.#references === 0) dropLastUser(this.#state, this);
  }

  /** Removes a user, as {@linkcode unref}. */
  [Symbol.dispose](): void {
    this.unref();
  }

  /** For messages: number, label, and what is left of it. */
  toString(): string {
    const kind = this.isGhost ? "ghost of buffer" : this.disposed ? "dying buffer" : "buffer";
    return this.label === undefined ? `${kind} ${this.id}` : `${kind} ${this.id} "${this.label}"`;
  }

  #prepare(placement: Placement | PreparedPlacement): PreparedPlacement {
    this.#mustBeReserved("validate");
    if (!(placement instanceof PreparedPlacement)) return new PreparedPlacement(this.#state.typesByName, placement);
    if (placement.types === this.#state.typesByName) return placement;
    throw new TtmError("EINVAL", `Cannot validate ${this}: the placement was prepared by another device`);
  }

  #validateOnce(placement: PreparedPlacement, op: Operation): Outcome {
    this.#mustBeReserved("validate");
    return validate(this.#state, this, placement, op);
  }

  #checkTicket(ticket: unknown): void {
    if (ticket === null || ticket instanceof AcquireTicket) return;
    throw new TtmError("EINVAL", `Cannot reserve ${this}: ticket must be an AcquireTicket, not ${show(ticket)}`);
  }

  #mustLive(what: string): void {
    if (this.disposed) throw new TtmError("EINVAL", `Cannot ${what} ${this}: its last reference is gone`);
  }

  #mustBeReserved(what: string): void {
    this.#mustLive(what);
    if (!this.reservation.locked) throw new TtmError("EINVAL", `Cannot ${what} ${this}: it is not reserved`);
  }
}
