import type { BufferRecord } from "../state/buffer_record.ts";
import { type Caching, cachingName } from "../base/caching.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { GroupRecord } from "../groups/group_record.ts";
import type { MemoryType } from "../resource/memory_type.ts";

/** The buffer that owns a resource. */
export interface DumpedBuffer {
  /** Id of the buffer in its device. */
  readonly id: number;
  /** The name given at creation; null without one. */
  readonly label: string | null;
  /**
   * `"live"` with references; `"dying"` without references, until its work has ended; `"ghost"` for a ghost object,
   * which holds the old resource of a moved buffer until the copy out of it has ended.
   */
  readonly state: "live" | "dying" | "ghost";
  /** 0 to 3; lower ones are evicted first. */
  readonly priority: number;
  /** Pin count. */
  readonly pins: number;
  /** Whether its reservation is locked. */
  readonly reserved: boolean;
  /** Whether submitted work or a move still uses it. */
  readonly busy: boolean;
  /** Whether its pages are in the swap store. */
  readonly swapped: boolean;
}

/** One resource: what a buffer occupies in a memory type. */
export interface DumpedPlace {
  /** First page; 0 in SYSTEM, meaningless if the manager has no addresses. */
  readonly start: number;
  /** Size in pages. If the manager allocates in several blocks, they need not be contiguous from `start`. */
  readonly pages: number;
  /** Caching attribute. */
  readonly caching: Caching;
  /** The buffer that owns the resource. */
  readonly owner: DumpedBuffer;
}

/** A memory type and its resources. */
export interface DumpedMemoryType {
  /** Its name. */
  readonly name: string;
  /** Size in pages; 0 for SYSTEM, which is unlimited. */
  readonly pages: number;
  /** Pages in use. */
  readonly usedPages: number;
  /** Whether it is device-resident memory, without backing pages. */
  readonly fixed: boolean;
  /** Whether new resources can be allocated: it is SYSTEM or has a manager, and `setUsed` has not disabled it. */
  readonly usable: boolean;
  /** Name of its manager; null for SYSTEM and for a type without a manager. */
  readonly manager: string | null;
  /** Its resources, sorted by `start`, then by id of the owner. */
  readonly places: readonly DumpedPlace[];
  /** Indexes into `places` in eviction order, the first victim first, without pinned buffers. */
  readonly evictionOrder: readonly number[];
}

/** What a group uses of one memory type, and what it may use, in bytes. */
export interface DumpedUsage {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** What is charged to the group and to those below it. */
  readonly usedBytes: number;
  /** What is never evicted for others. */
  readonly min: number;
  /** What is evicted for others only if nobody else can give. */
  readonly low: number;
  /** What the group cannot exceed; null without a limit. */
  readonly max: number | null;
}

/** A group of buffers. */
export interface DumpedGroup {
  /** The name given at creation. */
  readonly name: string;
  /** Index of the group above it in `groups`; null at the top of the device. */
  readonly parent: number | null;
  /** Each memory type but SYSTEM, in the order of the driver. */
  readonly usage: readonly DumpedUsage[];
}

/**
 * A snapshot of a device: plain data, which survives `JSON.stringify`. Later versions may add members, but neither
 * change nor remove any.
 */
export interface DeviceDump {
  /** Time of the snapshot on the device's clock, in milliseconds. */
  readonly time: number;
  /** Name of the driver. */
  readonly driver: string;
  /** Name of the eviction policy. */
  readonly policy: string;
  /** Populated host pages of the device and of all devices that share its `Global`. */
  readonly hostPages: number;
  /** Each memory type, in the order of the driver, SYSTEM first. */
  readonly memoryTypes: readonly DumpedMemoryType[];
  /** Buffers without a resource, by id: not validated yet, or purged. */
  readonly unplaced: readonly DumpedBuffer[];
  /** Its groups, in the order of their creation. */
  readonly groups: readonly DumpedGroup[];
}

/** Takes a snapshot of a device. */
export function dumpDevice(state: DeviceState): DeviceDump {
  const buffers = [...state.buffers.all()].sort((a, b) => a.id - b.id || a.made - b.made);
  return {
    time: state.clock.now(),
    driver: state.driver.name,
    policy: state.order.policy.name,
    hostPages: state.accountant.usedPages,
    memoryTypes: state.types.map((type) => dumpType(state, type, buffers)),
    unplaced: buffers.filter(({ type }) => type === null).map(dumpBuffer),
    groups: [...state.groups].map((group, _, all) => dumpGroup(state, group, all)),
  };
}

function dumpGroup({ types }: DeviceState, group: GroupRecord, all: readonly GroupRecord[]): DumpedGroup {
  return {
    name: group.name,
    parent: group.parent === null ? null : all.indexOf(group.parent),
    usage: types.filter(({ isSystem }) => !isSystem).map(({ index, name }) => {
      const { usage, limits: { min, low, max } } = group.counter(index);
      return { memoryType: name, usedBytes: usage, min, low, max: max === Infinity ? null : max };
    }),
  };
}

function dumpType(state: DeviceState, type: MemoryType, buffers: readonly BufferRecord[]): DumpedMemoryType {
  const { resources } = state;
  const { name, pages, usedPages, fixed, usable, manager } = type;
  const owners = buffers.filter((buffer) => buffer.type === type)
    .sort((a, b) => (a.start ?? 0) - (b.start ?? 0));
  const indexes = new Map(owners.map((buffer, index) => [buffer, index]));
  const listed = [...state.order.candidates(type)].map((row) => indexes.get(resources.buffer(row) as BufferRecord));
  return {
    name,
    pages,
    usedPages,
    fixed,
    usable,
    manager: manager?.name ?? null,
    places: owners.map((owner) => ({
      start: owner.start ?? 0,
      pages: owner.pages,
      caching: cachingName(resources.caching(owner.resource)),
      owner: dumpBuffer(owner),
    })),
    evictionOrder: listed.filter((index) => index !== undefined),
  };
}

function dumpBuffer(buffer: BufferRecord): DumpedBuffer {
  const { id, label, isGhost, disposed, priority, pins, reserved, busy, swapped } = buffer;
  const state = isGhost ? "ghost" : disposed ? "dying" : "live";
  return { id, label: label ?? null, state, priority, pins, reserved, busy, swapped };
}
