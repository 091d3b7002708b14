import { checkObject, checkOptions, checkWaitOptions, optionNames, show } from "../base/arguments.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { evictError } from "./call_errors.ts";
import type { GroupLimits } from "../groups/counter.ts";
import { GroupRecord } from "../groups/group_record.ts";
import type { MemoryType } from "../state/memory_type.ts";
import { Operation } from "../state/operation.ts";
import { DONE } from "../base/outcome.ts";
import { plural } from "../base/plural.ts";
import { shrinkGroup } from "../place/shrink_group.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { complete } from "../state/wait.ts";

/** The properties of a new group. */
export interface GroupOptions {
  /** The group above it; it cannot be changed. @default {none: the device itself} */
  readonly parent?: MemoryGroup;
  /** Its limits in each memory type, by name. @default {none} */
  readonly limits?: Readonly<Record<string, GroupLimits>>;
}

/** What a group uses of one memory type, the groups below it included, and what it may use; in bytes. */
export interface GroupUsage {
  /** What is charged to it. Buffers that are being moved are charged in both places. */
  readonly usedBytes: number;
  /** Its limits. */
  readonly limits: Required<GroupLimits>;
  /** The part of the usage that its `min` protects from groups elsewhere on the device. */
  readonly protectedByMin: number;
  /** The part of the usage that its `low` protects from them. */
  readonly protectedByLow: number;
}

const GROUP_OPTIONS: ReadonlySet<string> = optionNames<GroupOptions>({ parent: true, limits: true });
const GROUP_LIMITS: ReadonlySet<string> = optionNames<GroupLimits>({ min: true, low: true, max: true });

/**
 * A group of buffers that protects some of their memory from others, and bounds it: a client, or several, with what
 * they create. As a cgroup of the kernel's `dmem` controller, it has three limits for each memory type, in bytes:
 *
 * - Below `min` its buffers are not evicted to make room for others, whatever happens to those.
 * - Below `low` they are evicted for others only if nobody else can give.
 * - Above `max` nothing is placed: the group evicts its own buffers, or gets `ENOMEM` with a report that names it.
 *
 * A buffer that will be below `min` or `low` in a place evicts buffers that are not protected there, instead of taking
 * the next place of its placement.
 *
 * Groups form a tree, and what one uses counts for all above it. Limits hold against those who are not below the
 * nearest common ancestor: a group is not protected from itself, nor by its parent from its siblings. What is protected
 * of a group is bounded by what is protected of its parent; if siblings claim more, each gets a share in proportion to
 * its usage, up to its limit. What a parent protects and its children do not claim is protected of all of them together.
 *
 * Buffers are protected as wholes: one leaves only if no protected byte leaves with it. Calls that empty a memory type
 * or swap out (`evictFirst`, `evictAll`, `cleanManager`, `swapOut`) take no heed of groups. When host memory is short,
 * `min` holds and `low` does not. Buffers without a group are not protected and not bounded.
 *
 * @example A game keeps its memory beside a browser
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { firstFit } from "@ttm/first-fit";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * const driver = new RadeonSim({ vram: 4 * PAGE_SIZE, gtt: 16 * PAGE_SIZE });
 * const device = new BoDevice({ driver, managers: { vram: firstFit(), gtt: firstFit() }, clock: new SimulatedClock() });
 * const placement = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
 * const group = device.createGroup("game", { limits: { vram: { min: 2 * PAGE_SIZE } } });
 * const game = device.openClient("game", { group });
 * const browser = device.openClient("browser");
 *
 * const textures = [0, 1].map(() => game.buffer(game.createBuffer({ bytes: PAGE_SIZE })));
 * for (const buffer of textures) await device.submit([{ buffer, placement }], () => {});
 * for (let tab = 0; tab < 6; tab++) {
 *   const buffer = browser.buffer(browser.createBuffer({ bytes: PAGE_SIZE }));
 *   await device.submit([{ buffer, placement }], () => {});
 * }
 * assertEquals(textures.map(({ memoryType }) => memoryType), ["vram", "vram"]);
 * assertEquals(group.usage("vram").protectedByMin, 2 * PAGE_SIZE);
 * ```
 */
export class MemoryGroup extends GroupRecord implements Disposable {
  #state: DeviceState;

  /** @internal Use `device.createGroup`. */
  constructor(state: DeviceState, name: string, parent: MemoryGroup | null) {
    super(state, state.types.length, name, parent);
    this.#state = state;
    state.groups.add(this);
  }

  /**
   * What the group uses of a memory type, and its limits.
   *
   * @throws {TtmError} `EINVAL` for an unknown memory type.
   */
  usage(memoryType: string): GroupUsage {
    const counter = this.counter(typeOf(this.#state, `tell the usage of ${this}`, memoryType).index);
    return {
      usedBytes: counter.usage,
      limits: counter.limits,
      protectedByMin: counter.protectedBytes("min", null),
      protectedByLow: counter.protectedBytes("low", null),
    };
  }

  /**
   * Changes limits of a memory type; those that are left out stay. They hold at once, before the first wait. If the
   * group uses more than its new `max`, its buffers are evicted in the order of eviction, those below the `low` of
   * groups below it last.
   *
   * @returns Whether the group uses no more than its `max`. If not, buffers are pinned, reserved, protected by the `min`
   * of groups below it, or cannot be evicted; nothing new is placed until enough of them have left.
   * @throws {TtmError} `EINVAL` as `BoDevice.createGroup`, or if the group is removed; nothing has changed then. `EBUSY`
   * after 15 s of waiting, or with `noWait` if a copy has to be waited for; the new limits stay. An aborted signal
   * rejects with its reason; before the call, nothing has changed.
   */
  async setLimits(memoryType: string, limits: GroupLimits, options: WaitOptions = {}): Promise<boolean> {
    const state = this.#state;
    const what = `set the limits of ${this}`;
    if (!this.isOf(state)) throw new TtmError("EINVAL", `Cannot ${what}: it is removed`);
    const type = typeOf(state, what, memoryType);
    const counter = this.counter(type.index);
    const checked = checkLimits(what, type, limits, counter.limits);
    checkWaitOptions(what, options);
    options.signal?.throwIfAborted();
    counter.limits = checked;
    if (counter.usage <= checked.max) return true;
    const op = new Operation(state.tracer, options.noWait === true).start("setLimits");
    const outcome = await complete(state.clock, op, options.signal, () => shrinkGroup(state, type, this, op));
    if (outcome !== DONE) throw evictError(what, op, outcome);
    return counter.usage <= counter.limits.max;
  }

  /**
   * Removes the group. A second call does nothing.
   *
   * @throws {TtmError} `EBUSY` while buffers are charged to it, dying ones included, a client creates buffers in it, or
   * there are groups below it.
   */
  remove(): void {
    if (this.members > 0) {
      const users = `${plural(this.members, "user")} among buffers, clients and groups below it`;
      throw new TtmError("EBUSY", `Cannot remove ${this}: it has ${users}`);
    }
    this.leave();
    this.#state.groups.delete(this);
  }

  /** Removes the group, as {@linkcode remove}. */
  [Symbol.dispose](): void {
    this.remove();
  }
}

/** Creates a group; nothing has changed if an option is refused. */
export function createGroup(state: DeviceState, name: string, options: GroupOptions): MemoryGroup {
  const what = "create group";
  if (state.closed) throw new TtmError("EINVAL", `Cannot ${what}: the device is closed`);
  if (typeof name !== "string") {
    throw new TtmError("EINVAL", `Cannot ${what}: name must be a string, not ${show(name)}`);
  }
  checkOptions(what, options, GROUP_OPTIONS);
  const { parent, limits = {} } = options;
  if (parent !== undefined) mustBeGroupOf(state, what, parent);
  checkObject(what, "limits", limits);
  const checked = Object.entries(limits).map(([memoryType, some]) => {
    const type = typeOf(state, what, memoryType);
    return [type.index, checkLimits(what, type, some, { min: 0, low: 0, max: Infinity })] as const;
  });
  const group = new MemoryGroup(state, name, parent ?? null);
  for (const [type, limits] of checked) group.counter(type).limits = limits;
  return group;
}

/** Requires a group of the device that has not been removed. */
export function mustBeGroupOf(state: DeviceState, what: string, group: GroupRecord): void {
  if (group instanceof GroupRecord && group.isOf(state)) return;
  const why = group instanceof GroupRecord ? "is of another device, or removed" : "is no group";
  throw new TtmError("EINVAL", `Cannot ${what}: ${group instanceof GroupRecord ? group : show(group)} ${why}`);
}

function typeOf(state: DeviceState, what: string, memoryType: string): MemoryType {
  const type = state.typesByName.get(memoryType);
  if (type !== undefined) return type;
  const known = state.types.map(({ name }) => name).join(", ");
  throw new TtmError("EINVAL", `Cannot ${what}: there is no memory type ${show(memoryType)}, this device has ${known}`);
}

function checkLimits(
  what: string,
  type: MemoryType,
  limits: GroupLimits,
  present: Required<GroupLimits>,
): Required<GroupLimits> {
  checkOptions(what, limits, GROUP_LIMITS, `the limits of ${show(type.name)}`);
  if (type.isSystem) throw new TtmError("EINVAL", `Cannot ${what}: system memory has no limits`);
  const { min = present.min, low = present.low, max = present.max } = limits;
  for (const [name, bytes] of Object.entries({ min, low, max })) {
    if (bytes === Infinity || (Number.isSafeInteger(bytes) && bytes >= 0)) continue;
    const wanted = "a whole number of bytes from 0, or Infinity";
    throw new TtmError("EINVAL", `Cannot ${what}: ${name} of ${show(type.name)} must be ${wanted}, not ${show(bytes)}`);
  }
  for (const [name, bytes] of Object.entries({ min, low })) {
    if (bytes <= max) continue;
    throw new TtmError("EINVAL", `Cannot ${what}: ${name} of ${show(type.name)} is ${bytes}, above its max of ${max}`);
  }
  return { min, low, max };
}
