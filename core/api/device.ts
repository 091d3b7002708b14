import { checkBoolean, checkInteger, checkWaitOptions, show } from "../base/arguments.ts";
import { checkBuffer } from "../inspect/buffer_invariants.ts";
import type { BufferObject } from "./buffer_object.ts";
import { type BufferOptions, checkBufferOptions } from "../contract/buffer_options.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { BufferView } from "../contract/buffer_view.ts";
import { type Client, type ClientOptions, openClient } from "./client.ts";
import type { Clock } from "../time/clock.ts";
import { createBuffer, createPlaced } from "./create_buffer.ts";
import { dyingIn, reapAllIdle } from "../place/destroy.ts";
import { type DeviceDump, dumpDevice } from "../inspect/device_dump.ts";
import { checkDeviceOptions, type DeviceOptions, globalOf, type PlacedBufferOptions } from "./device_options.ts";
import { DeviceState } from "../state/device_state.ts";
import type { DeviceView } from "../contract/device_view.ts";
import { TtmError } from "../base/errors.ts";
import { cleanManagerOf, evictAllFrom, evictFirstFrom } from "../calls/evict.ts";
import type { Fence } from "../lock/fence.ts";
import type { Global } from "./global.ts";
import { checkState } from "../inspect/invariants.ts";
import { hint } from "./hint.ts";
import type { MemTypeManager } from "../contract/mem_type_manager.ts";
import { initManager } from "../calls/init_manager.ts";
import { createGroup, type GroupOptions, type MemoryGroup } from "./memory_group.ts";
import { mustHaveNoUsers, waitForTheDying } from "../calls/close.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { TypeUsage } from "../base/no_room_report.ts";
import { once } from "../base/disposable.ts";
import {
  SWAP_OUT_OPTIONS,
  type SwapOutOptions,
  type ValidateOptions,
  type WaitOptions,
} from "../contract/call_options.ts";
import type { Placement } from "../contract/placement.ts";
import { PreparedPlacement } from "../resource/prepared_placement.ts";
import { SubmissionLine } from "../submit/line.ts";
import { type SubmitEntry, submitWork } from "./submit.ts";
import type { Work } from "../submit/work.ts";
import { swapOut } from "../calls/swap_out.ts";
import { PAGE_SIZE, PRIORITIES } from "../base/units.ts";
import { plural } from "../base/plural.ts";

/**
 * A device and its buffers (`ttm_device`), composed of a driver and of managers for its memory types.
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
export class BoDevice implements DeviceView, AsyncDisposable {
  #state: DeviceState;
  #global: Global;
  #created = 0;
  #line: SubmissionLine = new SubmissionLine();

  /**
   * Composes a device.
   *
   * @throws {TtmError} `EINVAL` if the driver's memory types are invalid, a manager names no memory type of the driver,
   * or the driver has device-resident memory but neither `move` nor `ioMemReserve`.
   */
  constructor(options: DeviceOptions) {
    const { driver, managers, clock, tracer, store, policy } = checkDeviceOptions(options);
    const global = globalOf(options);
    this.#global = global;
    this.#state = new DeviceState(driver, managers, clock, tracer, store, global.accountant, policy);
    global.mustBeOpen();
    this.#state.takeParts();
    global.add(this, this.#state);
  }

  /** The clock of the device. */
  get clock(): Clock {
    return this.#state.clock;
  }

  /** Names of the memory types; the first is `"system"`. */
  get memoryTypes(): string[] {
    return this.#state.types.map((type) => type.name);
  }

  /** Number of buffers that have references. */
  get liveBuffers(): number {
    return this.#state.liveBuffers;
  }

  /** The state that the device shares with other devices. */
  get global(): Global {
    return this.#global;
  }

  /** Number of dying buffers (without references, not freed yet) and of ghost objects. */
  get dyingBuffers(): number {
    return this.#state.dyingBuffers;
  }

  /** The buffers that only submitted work keeps: dying ones by id, then ghost objects in order of creation. */
  get dying(): BufferView[] {
    return dyingIn(this.#state);
  }

  /**
   * Blocks delayed destruction until the result is disposed of: dying buffers are not freed when their work ends. Then
   * all idle ones are freed, in the order of {@linkcode dying} (`ttm_bo_lock_delayed_workqueue`). An allocation that
   * needs their memory still frees idle dying buffers.
   */
  holdDelayedDestroy(): Disposable {
    this.#state.delayedDestroyHolds++;
    return once(this.#state, (state) => {
      if (--state.delayedDestroyHolds === 0) reapAllIdle(state);
    });
  }

  /**
   * Creates a buffer without a resource and without memory; validating it allocates both. It reads as zero, as the
   * imported bytes, or as what its store has under its key; in the last case it begins in SYSTEM, swapped out.
   *
   * @throws {TtmError} `EINVAL` if an option is out of range, or the device is closed; `ENOMEM` if there is no host
   * memory for its structures; with `stored` also `ENODEV` if the driver keeps no bytes, and what its
   * `createTranslationTable` throws.
   */
  createBuffer(options: BufferOptions): BufferObject {
    const what = "create buffer";
    if (this.#state.closed) throw new TtmError("EINVAL", `Cannot ${what}: the device is closed`);
    const buffer = createBuffer(this.#state, checkBufferOptions(what, options, this.#created));
    this.#created++;
    return buffer;
  }

  /**
   * Creates a buffer and validates it (`ttm_bo_init_validate`). A buffer with its own reservation is returned
   * unreserved; a shared reservation, passed as an option, must be locked and stays locked.
   *
   * @throws {TtmError} `EINVAL` as {@linkcode createBuffer}, or if the shared reservation is not locked; otherwise as
   * `BufferObject.validate`. On error the buffer is released: `onDestroy` is called at once, or when the work of other
   * buffers on the shared reservation has ended. An aborted signal rejects with its reason.
   */
  async createPlaced(options: PlacedBufferOptions, waitOptions: ValidateOptions = {}): Promise<BufferObject> {
    return await createPlaced((options) => this.createBuffer(options), options, waitOptions);
  }

  /**
   * The buffer whose range of mmap offsets contains `offset`, in bytes, and the offset inside that buffer, in bytes;
   * null if there is none.
   *
   * @throws {TtmError} `EINVAL` if `offset` is not a valid offset.
   */
  lookup(offset: number): { readonly buffer: BufferObject; readonly offset: number } | null {
    checkInteger("look up", "offset", offset, 0, Number.MAX_SAFE_INTEGER);
    const found = this.#state.mmapOffsets.lookup(Math.floor(offset / PAGE_SIZE));
    return found === null
      ? null
      : { buffer: found.buffer as BufferObject, offset: found.page * PAGE_SIZE + offset % PAGE_SIZE };
  }

  /**
   * Opens a client, which can access only buffers that it has handles of.
   *
   * @throws {TtmError} `EINVAL` if the name is not a string, the group is none of this device, or the device is closed.
   */
  openClient(name: string, options: ClientOptions = {}): Client {
    return openClient(this.#state, this, name, options);
  }

  /**
   * Creates a group of buffers with limits of its own for each memory type (a cgroup of the `dmem` controller); see
   * {@linkcode MemoryGroup}.
   *
   * @throws {TtmError} `EINVAL` if the name is not a string, the parent is none of this device, a memory type is unknown
   * or `"system"`, a limit is not a whole number of bytes or Infinity, `min` or `low` is above `max`, or the device is
   * closed.
   */
  createGroup(name: string, options: GroupOptions = {}): MemoryGroup {
    return createGroup(this.#state, name, options);
  }

  /**
   * Submits work on buffers (a command submission of the kernel's drivers): reserves all of them under one acquire
   * ticket, brings each to where the work needs it, calls `work`, adds the fence of the work to each buffer, and
   * unreserves them in the order of the entries. Waits for reservations, and for room that others keep for a while.
   * While it waits, no younger submission that needs the same memory types begins, so that none starves.
   *
   * @param work Submits the work to the device, synchronously: from before this call to its end all buffers are
   * reserved and in place. Returns the fence of the work; without one, that of `Driver.endSubmit` is used.
   * @returns The fence that the buffers have got, or null.
   * @throws {TtmError} `EINVAL` if an entry is invalid, entries name different placements of one buffer, or `work`
   * returns a promise; `ENOMEM` with a report if the buffers would not fit together even if all others left, pinned
   * ones excepted; `EBUSY` if a buffer is grabbed for CPU writes, one thing that it waits for takes 15 s, or with
   * `noWait` if it would have to wait; otherwise as `BufferObject.validate`. What `work` throws is passed on, and an
   * aborted signal rejects with its reason. On error nothing is reserved or submitted, and moves that were made stay
   * made; only if `work` returned a fence, or the driver gives one for what `work` had submitted when it threw, do the
   * buffers keep that fence.
   *
   * @example A job on two buffers
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { BoDevice, FenceContext, PAGE_SIZE, SimulatedClock } from "@ttm/core";
   * import { firstFit } from "@ttm/first-fit";
   * import { RadeonSim } from "@ttm/radeon-sim";
   *
   * const driver = new RadeonSim({ vram: 8 * PAGE_SIZE, gtt: 8 * PAGE_SIZE });
   * const managers = { vram: firstFit(), gtt: firstFit() };
   * const device = new BoDevice({ driver, managers, clock: new SimulatedClock() });
   * const placement = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
   * const [weights, result] = [device.createBuffer({ bytes: 8192 }), device.createBuffer({ bytes: 4096 })];
   *
   * const queue = new FenceContext("shader");
   * const fence = await device.submit([
   *   { buffer: weights, usage: "read", placement },
   *   { buffer: result, placement },
   * ], () => queue.next());
   * assertEquals([weights.memoryType, result.busy, result.reserved], ["vram", true, false]);
   * fence?.signal();
   * ```
   */
  submit(entries: readonly SubmitEntry[], work: Work, options: WaitOptions = {}): Promise<Fence | null> {
    return submitWork(this.#state, this.#line, entries, work, options);
  }

  /**
   * Tells what the next submissions will use, one buffer for each use, in order; replaces the last hint. Submissions
   * take their buffers out of the list. A use that does not come is given up when three submissions in a row have used
   * later ones only. Name the next submissions, as far as they are known: those that use several times as many bytes as
   * the scarce memory has say nearly all.
   *
   * Buffers with an expected use are evicted after all others; by a policy that implements `EvictionPolicy.hint`, as
   * `lookahead()` of `@ttm/policies`, the one whose turn comes last goes first. After each submission the device begins
   * uploads, without waiting, to where the last submission of a buffer needed it, or else to `Driver.defaultPlacement`:
   * all that fit into free room, and, if at most a tenth of the hints is wrong, by evicting others as many pages as that
   * submission used, at least one buffer.
   *
   * Hints may be partial or wrong. The device compares at each eviction whom it evicts by hints and whom it would without,
   * and notes which of the two is used first. While hints do not save clearly more pages than they cost, they are not
   * followed: evictions are those without, and there are no early uploads. At first they are followed as long as nearly
   * all expected uses come.
   *
   * @throws {TtmError} `EINVAL` if one is no buffer of this device, or its last reference is gone; nothing is replaced
   * then.
   *
   * @example An upload begins before it is needed
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { BoDevice, PAGE_SIZE, SimulatedClock } from "@ttm/core";
   * import { firstFit } from "@ttm/first-fit";
   * import { RadeonSim } from "@ttm/radeon-sim";
   *
   * const driver = new RadeonSim({ vram: 2 * PAGE_SIZE, gtt: 8 * PAGE_SIZE });
   * const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, clock: new SimulatedClock() });
   * const placement = { placement: [{ memoryType: "vram" }] };
   * const layers = [0, 1, 2].map(() => device.createBuffer({ bytes: PAGE_SIZE }));
   * for (const buffer of layers) await device.submit([{ buffer, placement }], () => {});
   * device.hint(layers.slice(0, 1));
   * for (const buffer of layers.slice(2)) await device.submit([{ buffer, placement }], () => {});
   * assertEquals(layers.map(({ memoryType }) => memoryType), ["vram", "gtt", "vram"]);
   * ```
   */
  hint(buffers: readonly BufferObject[]): void {
    hint(this.#state, buffers);
  }

  /**
   * Checks a placement once, so that it can be passed to validate many times without another check.
   *
   * @throws {TtmError} `EINVAL` if a memory type is unknown, a range is empty or not of whole numbers, or a caching
   * attribute is unknown.
   */
  preparePlacement(placement: Placement): PreparedPlacement {
    return new PreparedPlacement(this.#state.typesByName, placement);
  }

  /**
   * Evicts the first buffer of a memory type in eviction order: with `lru()`, the least recently used one of the lowest
   * priority.
   *
   * @returns false if the memory type has no buffer that can be evicted.
   * @throws {TtmError} `EINVAL` for an unknown memory type; `ENOSPC` if no place that the driver names for the victim
   * has room; `EBUSY` if the victim is reserved; otherwise as `BufferObject.validate`.
   */
  async evictFirst(memoryType: string, options: WaitOptions = {}): Promise<boolean> {
    checkWaitOptions(`evict from ${memoryType}`, options);
    return await evictFirstFrom(this.#state, this.#type("evict from", memoryType), options);
  }

  /**
   * Evicts all buffers of a memory type except pinned ones, and waits for the copies out of it
   * (`ttm_resource_manager_evict_all`).
   *
   * @throws {TtmError} As {@linkcode evictFirst}, for the first buffer that cannot be evicted; those before it have
   * been evicted.
   */
  async evictAll(memoryType: string, options: WaitOptions = {}): Promise<void> {
    const what = `evict all from ${memoryType}`;
    const type = this.#type("evict all from", memoryType);
    checkWaitOptions(what, options);
    if (type.isSystem) throw new TtmError("EINVAL", `Cannot ${what}: buffers cannot be evicted from system memory`);
    await evictAllFrom(this.#state, type, options);
  }

  /**
   * Swaps out buffers of one memory type, or of the first memory type that has any, SYSTEM first. Buffers are taken in
   * eviction order (`ttm_device_swapout`). Buffers that cannot be written to the store are skipped.
   *
   * @param options `pages`: the number of pages to free, at least 1, as far as there are so many; more than 1 only with
   * a memory type.
   * @returns The number of pages freed; 0 if there is nothing to swap out.
   * @throws {TtmError} `EINVAL` for an unknown or fixed memory type; `EBUSY` after 15 s of waiting for the work on a
   * buffer. An aborted signal rejects with its reason.
   */
  async swapOut(options: SwapOutOptions = {}): Promise<number> {
    checkWaitOptions("swap out", options, undefined, SWAP_OUT_OPTIONS);
    const { memoryType } = options;
    return await swapOut(
      this.#state,
      memoryType === undefined ? null : this.#type("swap out from", memoryType),
      options,
    );
  }

  /**
   * Sets the manager of a memory type that has none (`ttm_bo_init_mm`).
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type, for SYSTEM, or if `manager` is not a manager; `EBUSY` if
   * the memory type has a manager. Errors of the manager's `init` are passed on.
   */
  initManager(memoryType: string, manager: MemTypeManager): void {
    initManager(this.#type("initialise the manager of", memoryType), manager);
  }

  /**
   * Evicts all buffers from a memory type and removes its manager; {@linkcode initManager} can set another
   * (`ttm_bo_clean_mm`).
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type, SYSTEM, or one without a manager; `EBUSY` if buffers
   * remain, pinned ones for example; otherwise as {@linkcode evictFirst}. On error the manager stays, and nothing new
   * is placed in the memory type until {@linkcode setUsed} allows it.
   */
  async cleanManager(memoryType: string, options: WaitOptions = {}): Promise<void> {
    const type = this.#type("clean the manager of", memoryType);
    checkWaitOptions(`clean the manager of ${memoryType}`, options);
    await cleanManagerOf(this.#state, type, options);
  }

  /**
   * Allows or forbids new resources in a memory type; existing ones stay (`ttm_resource_manager_set_used`).
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type or SYSTEM.
   */
  setUsed(memoryType: string, used: boolean): void {
    const type = this.#type("set the use of", memoryType);
    checkBoolean(`set the use of ${memoryType}`, "used", used);
    if (type.isSystem) throw new TtmError("EINVAL", "Cannot set whether system is used: it is always used");
    type.used = used;
  }

  /**
   * The move fence of a memory type: the fence of the last copy, on any timeline, out of a range that was freed before
   * the copy ended. It may have signalled since. null if there was no such copy.
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type.
   */
  moveFence(memoryType: string): Fence | null {
    return this.#type("tell the move fence of", memoryType).moveFences.last;
  }

  /**
   * The size of a memory type and the pages in use.
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type.
   */
  usage(memoryType: string): TypeUsage {
    const { pages, usedPages, residents } = this.#type("tell the usage of", memoryType);
    return { memoryType, pages, usedPages, residents };
  }

  /**
   * The eviction order of a memory type: for each priority, from 0, its buffers, the first victim first. Contains dying
   * buffers, but no pinned ones.
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type.
   */
  lru(memoryType: string): BufferView[][] {
    const type = this.#type("list", memoryType);
    const candidates = this.#buffers(this.#state.order.candidates(type));
    return Array.from(
      { length: PRIORITIES },
      (_, priority) => candidates.filter((buffer) => buffer.priority === priority),
    );
  }

  /** The pinned buffers, in the order in which they were pinned or last unreserved. */
  get pinned(): BufferView[] {
    return this.#buffers(this.#state.order.pinned());
  }

  /**
   * A snapshot of the device as plain data: its memory types, the resources in each, and their eviction order. Taking
   * it changes nothing. {@linkcode debug} returns text for people.
   *
   * @example The buffers in VRAM, by address and in eviction order
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { BoDevice, PAGE_SIZE, SimulatedClock } from "@ttm/core";
   * import { firstFit } from "@ttm/first-fit";
   * import { RadeonSim } from "@ttm/radeon-sim";
   *
   * const driver = new RadeonSim({ vram: 4 * PAGE_SIZE, gtt: 4 * PAGE_SIZE });
   * const managers = { vram: firstFit(), gtt: firstFit() };
   * const device = new BoDevice({ driver, managers, clock: new SimulatedClock() });
   * for (const [label, priority] of [["scanout", 3], ["texture", 0]] as const) {
   *   const buffer = device.createBuffer({ bytes: PAGE_SIZE, label, priority });
   *   buffer.tryReserve();
   *   buffer.tryValidate({ placement: [{ memoryType: "vram" }] });
   *   buffer.unreserve();
   * }
   * const vram = device.dump().memoryTypes.find(({ name }) => name === "vram");
   * assertEquals(vram?.places.map(({ start, owner }) => [start, owner.label]), [[0, "scanout"], [1, "texture"]]);
   * assertEquals(vram?.evictionOrder.map((index) => vram.places[index]?.owner.label), ["texture", "scanout"]);
   * ```
   */
  dump(): DeviceDump {
    return dumpDevice(this.#state);
  }

  /**
   * The manager's own dump of a memory type, as text for people; {@linkcode dump} is for programs.
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type.
   */
  debug(memoryType: string): string {
    const type = this.#type("dump", memoryType);
    return type.manager?.debug() ?? `${type.name}: ${plural(type.usedPages, "page")} used, no manager`;
  }

  /**
   * Waits for dying buffers and releases the driver, the managers and the policy.
   *
   * @throws {TtmError} `EBUSY` if buffers have references, or dying ones are still busy after 15 s, or at once with
   * `noWait`. The device stays open, and `close` can be called again. An aborted signal rejects with its reason.
   */
  async close(options: WaitOptions = {}): Promise<void> {
    checkWaitOptions("close device", options);
    const state = this.#state;
    if (state.closed) return;
    mustHaveNoUsers(state);
    await waitForTheDying(state, options);
    state.giveUpParts();
    this.#global.remove(state);
    state.closed = true;
  }

  /** Closes the device, as {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  static check(device: BoDevice, buffers: Iterable<BufferView> | undefined): void {
    if (buffers === undefined) checkState(device.#state);
    for (const buffer of (buffers ?? []) as Iterable<BufferRecord>) {
      if (buffer.row >= 0) checkBuffer(device.#state, buffer);
    }
  }

  #buffers(rows: Iterable<number>): BufferView[] {
    return [...rows].flatMap((row) => this.#state.resources.buffer(row) ?? []);
  }

  #type(what: string, memoryType: string): MemoryType {
    const type = this.#state.typesByName.get(memoryType);
    if (type !== undefined) return type;
    const known = this.memoryTypes.join(", ");
    throw new TtmError("EINVAL", `Cannot ${what} ${show(memoryType)}: this device has ${known}`);
  }
}

/**
 * Checks the invariants of all state of a device.
 *
 * @param buffers If given, checks only the invariants of each of these buffers; the cost does not depend on the number
 * of other buffers.
 * @throws {Error} On the first broken invariant, with the values. The cause is a bug in the core, or in a driver or
 * manager that breaks its contract.
 */
export function checkInvariants(device: BoDevice, buffers?: Iterable<BufferView>): void {
  BoDevice.check(device, buffers);
}
