import { checkInteger, checkObject, checkWaitOptions, show } from "./arguments.ts";
import { BufferObject } from "./buffer_object.ts";
import { type Clock, SystemClock } from "./clock.ts";
import { DeviceState } from "./device_state.ts";
import type { Driver } from "./driver.ts";
import { TtmError } from "./errors.ts";
import { dyingIn, reap, reapAllIdle } from "./destroy.ts";
import { firstVictim, giveUpPlace, waitUntilLeft } from "./evict.ts";
import { checkBuffer, checkState } from "./invariants.ts";
import type { MemTypeManager } from "./manager.ts";
import { type MemoryType, PAGE_SIZE, PRIORITIES } from "./memory_type.ts";
import { Operation } from "./operation.ts";
import { type BufferOptions, checkKind, checkReservation, type WaitOptions } from "./options.ts";
import { once } from "./once.ts";
import { DONE, EBUSY } from "./outcome.ts";
import { type Placement, PreparedPlacement } from "./placement.ts";
import type { TypeUsage } from "./report.ts";
import type { Tracer } from "./tracer.ts";
import { complete } from "./wait.ts";

/** The parts of a device. */
export interface DeviceOptions {
  /** The device under the buffers. Belongs to this device alone. */
  readonly driver: Driver;
  /** Who hands out the pages of each memory type but SYSTEM, by name. Without one, nothing can be placed there. */
  readonly managers: Readonly<Record<string, MemTypeManager>>;
  /** The source of time. @default {a `SystemClock`} */
  readonly clock?: Clock;
  /** Who watches. @default {nobody} */
  readonly tracer?: Tracer;
}

const MAX_BYTES = Number.MAX_SAFE_INTEGER - PAGE_SIZE;

/**
 * A device and its buffers (`ttm_device`): composed of a driver and of managers for its memory types.
 *
 * @example A device with nothing but system memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using buffer = device.createBuffer({ bytes: 10_000 });
 * buffer.tryReserve();
 * buffer.tryValidate({ placement: [{ memoryType: "system" }] });
 * buffer.unreserve();
 * assertEquals(device.usage("system").usedPages, 3);
 * ```
 */
export class BoDevice implements AsyncDisposable {
  #state: DeviceState;
  #created = 0;

  /**
   * Composes a device.
   *
   * @throws {TtmError} `EINVAL` if the driver's memory types make no sense, a manager has no memory type, or the
   * driver has device-resident memory and no `move`.
   */
  constructor(options: DeviceOptions) {
    checkObject("create device", "the options", options);
    checkObject("create device", "options.driver", options.driver);
    checkObject("create device", "options.managers", options.managers);
    const { driver, managers, clock = new SystemClock(), tracer = {} } = options;
    this.#state = new DeviceState(driver, managers, clock, tracer);
    try {
      driver.attach?.({ clock });
    } catch (error) {
      for (const type of this.#state.types) type.manager?.takedown();
      throw error;
    }
  }

  /** The source of time. */
  get clock(): Clock {
    return this.#state.clock;
  }

  /** Names of the memory types; the first is `"system"`. */
  get memoryTypes(): string[] {
    return this.#state.types.map((type) => type.name);
  }

  /** Buffers that have users. */
  get liveBuffers(): number {
    return this.#state.liveBuffers;
  }

  /** How many buffers without users, and old places of moved buffers, submitted work still uses. */
  get dyingBuffers(): number {
    return this.#state.dyingBuffers;
  }

  /** Those of them that nothing but work keeps: dying buffers by number, then ghosts in the order of their making. */
  get dying(): BufferObject[] {
    return dyingIn(this.#state);
  }

  /**
   * Keeps the device from freeing dying buffers by itself when their work ends, until the result is disposed of; then
   * all that are idle are freed, in the order of {@linkcode dying} (`ttm_bo_lock_delayed_workqueue`). Whoever needs
   * room meanwhile still takes it from those that are idle.
   */
  holdDelayedDestroy(): Disposable {
    this.#state.delayedDestroyHolds++;
    return once(() => {
      if (--this.#state.delayedDestroyHolds === 0) reapAllIdle(this.#state);
    });
  }

  /**
   * Makes a buffer without a place and without memory; validating it gives it both. It reads as zero.
   *
   * @throws {TtmError} `EINVAL` if an option is out of range, or the device is closed.
   */
  createBuffer(options: BufferOptions): BufferObject {
    const what = "create buffer";
    if (this.#state.closed) throw new TtmError("EINVAL", `Cannot ${what}: the device is closed`);
    checkObject(what, "the options", options);
    const { label, alignment = 1, priority = 0, kind = "device", reservation } = options;
    if (label !== undefined && typeof label !== "string") {
      throw new TtmError("EINVAL", `Cannot ${what}: label must be a string, not ${show(label)}`);
    }
    const buffer = new BufferObject(this.#state, {
      id: this.#created,
      bytes: checkInteger(what, "bytes", options.bytes, 1, MAX_BYTES),
      kind: checkKind(what, kind),
      ...(reservation && { reservation: checkReservation(what, reservation) }),
      alignment: checkInteger(what, "alignment", alignment, 0, Number.MAX_SAFE_INTEGER) || 1,
      priority: checkInteger(what, "priority", priority, 0, PRIORITIES - 1),
      label,
    });
    this.#created++;
    this.#state.liveBuffers++;
    this.#state.tracer.create?.(buffer);
    return buffer;
  }

  /**
   * Checks a placement once, for validating many times.
   *
   * @throws {TtmError} `EINVAL` if a memory type is unknown, a range is empty or no whole numbers, or a caching
   * attribute is unknown.
   */
  preparePlacement(placement: Placement): PreparedPlacement {
    return new PreparedPlacement(this.#state.typesByName, placement);
  }

  /**
   * Evicts the first buffer of a memory type: of the lowest priority the one that was touched longest ago.
   *
   * @returns false if the memory type is empty.
   * @throws {TtmError} `EINVAL` for an unknown memory type, `ENOSPC` if the buffer has nowhere to go, `EBUSY` if it
   * is reserved, or as `BufferObject.validate`.
   */
  async evictFirst(memoryType: string, options: WaitOptions = {}): Promise<boolean> {
    const type = this.#type(`evict from`, memoryType);
    checkWaitOptions(`evict from ${memoryType}`, options);
    const op = new Operation(this.#state.tracer, options.noWait === true);
    const victim = firstVictim(this.#state, type.index);
    const outcome = await complete(this.#state, op, options.signal, () => {
      // It may leave by itself while it is waited for.
      if (victim === null || victim.type !== type) return DONE;
      const outcome = giveUpPlace(this.#state, victim, op);
      return outcome === DONE ? waitUntilLeft(op) : outcome;
    });
    if (outcome === DONE) return victim !== null;
    const why = outcome === EBUSY ? "the first buffer is in use" : "the first buffer has nowhere to go";
    throw op.error(`evict from ${memoryType}`, op.cause instanceof Error ? op.cause.message : why, outcome);
  }

  /**
   * How full a memory type is.
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type.
   */
  usage(memoryType: string): TypeUsage {
    const { pages, usedPages, residents } = this.#type("tell the usage of", memoryType);
    return { memoryType, pages, usedPages, residents };
  }

  /**
   * The order of eviction of a memory type: for each priority, from 0, its buffers, first to go first. Pinned ones
   * are not in it; dying ones are.
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type.
   */
  lru(memoryType: string): BufferObject[][] {
    const type = this.#type("list", memoryType);
    return Array.from(
      { length: PRIORITIES },
      (_, priority) => this.#buffers(this.#state.lru.list(type.index, priority)),
    );
  }

  /** The pinned buffers, in the order in which they were pinned or last unreserved. */
  get pinned(): BufferObject[] {
    return this.#buffers(this.#state.lru.pinned());
  }

  /**
   * The manager's dump of a memory type, for people.
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type.
   */
  debug(memoryType: string): string {
    const type = this.#type("dump", memoryType);
    return type.manager?.debug() ?? `${type.name}: ${type.usedPages} pages used, no manager`;
  }

  /**
   * Waits for dying buffers and gives the memory types up.
   *
   * @throws {TtmError} `EBUSY` if buffers are alive, or dying ones are still busy after 15 s. Nothing has changed
   * then, and it may be tried again.
   */
  async close(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    checkWaitOptions("close device", options);
    const state = this.#state;
    if (state.closed) return;
    this.#mustHaveNoUsers();
    const op = new Operation(state.tracer, false);
    const outcome = await complete(state, op, options.signal, () => {
      // The last ghost of a buffer may leave the buffer to be destroyed next.
      while (state.dyingBuffers > 0) {
        for (const buffer of dyingIn(state)) {
          const ended = op.waitForAll(buffer.reservation.fences);
          if (ended !== DONE) return ended;
          if (buffer.row >= 0) reap(state, buffer);
        }
      }
      return DONE;
    });
    this.#mustHaveNoUsers();
    if (outcome !== DONE) throw op.error("close device", `${state.dyingBuffers} dying buffers are busy`, outcome);
    for (const type of state.types) {
      if (type.manager?.takedown() === false) {
        throw new TtmError("EBUSY", `Cannot close device: the manager of ${type.name} still holds pages`);
      }
    }
    state.closed = true;
  }

  /** Closes the device, as {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  static check(device: BoDevice, buffers: Iterable<BufferObject> | undefined): void {
    if (buffers === undefined) checkState(device.#state);
    else for (const buffer of buffers) if (buffer.row >= 0) checkBuffer(device.#state, buffer);
  }

  #mustHaveNoUsers(): void {
    const { liveBuffers } = this.#state;
    if (liveBuffers > 0) throw new TtmError("EBUSY", `Cannot close device: ${liveBuffers} buffers are alive`);
  }

  *#rows(rows: Iterable<number>): Generator<BufferObject> {
    for (const row of rows) {
      const buffer = this.#state.resources.buffer(row);
      if (buffer !== null) yield buffer;
    }
  }

  #buffers(rows: Iterable<number>): BufferObject[] {
    return [...this.#rows(rows)];
  }

  #type(what: string, memoryType: string): MemoryType {
    const type = this.#state.typesByName.get(memoryType);
    if (type !== undefined) return type;
    const known = this.memoryTypes.join(", ");
    throw new TtmError("EINVAL", `Cannot ${what} ${show(memoryType)}: this device has ${known}`);
  }
}

/**
 * Walks over everything that a device holds and compares it with the rules that must always be true.
 *
 * @param buffers Check only what these buffers say of themselves, which takes a moment however many others there are.
 * @throws {Error} On the first rule that is broken, with the values. It is a bug in the core, or in a driver or
 * manager that breaks its contract.
 */
export function checkInvariants(device: BoDevice, buffers?: Iterable<BufferObject>): void {
  BoDevice.check(device, buffers);
}
