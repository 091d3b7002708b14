import type { BufferRecord } from "../state/buffer_record.ts";
import { type Caching, cachingName } from "../base/caching.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "../state/memory_type.ts";

/** Who owns a range. */
export interface DumpedBuffer {
  /** Number of the buffer in its device. */
  readonly id: number;
  /** The name given at creation; null without one. */
  readonly label: string | null;
  /**
   * `"live"` with users, `"dying"` without, when work keeps its memory; `"ghost"` for an old place of a buffer, kept until the
   * copy out of it has ended.
   */
  readonly state: "live" | "dying" | "ghost";
  /** 0 to 3; lower ones are evicted first. */
  readonly priority: number;
  /** How often it is pinned. */
  readonly pins: number;
  /** Whether somebody holds its reservation. */
  readonly reserved: boolean;
  /** Whether submitted work or a move still uses it. */
  readonly busy: boolean;
  /** Whether its pages are in the swap store. */
  readonly swapped: boolean;
}

/** What one buffer occupies of a memory type. */
export interface DumpedPlace {
  /** First page; 0 in SYSTEM, without meaning where the manager has no addresses. */
  readonly start: number;
  /** Size in pages. A manager that hands out pieces may have put them elsewhere than behind `start`. */
  readonly pages: number;
  /** How it is mapped. */
  readonly caching: Caching;
  /** Whose it is. */
  readonly owner: DumpedBuffer;
}

/** A memory type and what is in it. */
export interface DumpedMemoryType {
  /** Its name. */
  readonly name: string;
  /** Size in pages; 0 for SYSTEM, which is unlimited. */
  readonly pages: number;
  /** Pages in use. */
  readonly usedPages: number;
  /** Whether no host pages stand behind it. */
  readonly fixed: boolean;
  /** Whether anything new may be placed in it: it has a manager, if it needs one, and its use is not forbidden. */
  readonly usable: boolean;
  /** Name of its manager; null for SYSTEM, and where there is none. */
  readonly manager: string | null;
  /** What is in it, by address; equal ones by the number of their owners. */
  readonly places: readonly DumpedPlace[];
  /** Indexes into `places`, first to be evicted first. The pinned are not among them. */
  readonly evictionOrder: readonly number[];
}

/** A device at one moment: plain data, which survives `JSON.stringify`. Members may be added, and none change or go. */
export interface DeviceDump {
  /** When, on the device's clock, in milliseconds. */
  readonly time: number;
  /** Name of the driver. */
  readonly driver: string;
  /** Name of the eviction policy. */
  readonly policy: string;
  /** Pages of host memory that the device and those that share its `Global` hold. */
  readonly hostPages: number;
  /** Each memory type, in the order of the driver, SYSTEM first. */
  readonly memoryTypes: readonly DumpedMemoryType[];
  /** Buffers without a place, by number: not validated yet, or purged. */
  readonly unplaced: readonly DumpedBuffer[];
}

/** What {@linkcode DeviceDump} says, of a device as it is now. */
export function dumpDevice(state: DeviceState): DeviceDump {
  const buffers = [...state.buffers.all()].sort((a, b) => a.id - b.id || a.made - b.made);
  return {
    time: state.clock.now(),
    driver: state.driver.name,
    policy: state.order.policy.name,
    hostPages: state.accountant.usedPages,
    memoryTypes: state.types.map((type) => dumpType(state, type, buffers)),
    unplaced: buffers.filter(({ type }) => type === null).map(dumpBuffer),
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
      caching: cachingName(resources.caching(state.buffers.resource(owner.row))),
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
