import { type DeviceDump, type DumpedBuffer, PAGE_SIZE } from "@ttm/core";
import type { DeviceRecord, RecordedMemoryType } from "@ttm/explain";
import { checkTime } from "./check_time.ts";
import { Occupancy } from "./occupancy.ts";
import type { VmaDump, VmaHeap } from "./vma_format.ts";
import { type Held, poolOf } from "./vma_pool.ts";
import { statsOf } from "./vma_stats.ts";

/** A memory type and what is in it. */
interface Contents {
  readonly name: string;
  /** Bytes; null if it has no limit. */
  readonly bytes: number | null;
  readonly flags: readonly string[];
  readonly held: readonly Held[];
}

/**
 * A device's dump in the form of the JSON that `vmaBuildStatsString` of the Vulkan Memory Allocator writes, for tools
 * that read it, as GpuMemDumpVis does. Each memory type is a heap with one type. If its manager has addresses, it is one
 * block, in which ranges stand in their order; else allocations have blocks for themselves, as in SYSTEM. Buffers that
 * are swapped out take no memory. Ghost objects and dying buffers are `"UNKNOWN"`.
 *
 * @param dump The result of `device.dump()`. All sizes in the result are bytes.
 *
 * @example A device with one buffer
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 * import { vmaDump } from "@ttm/export";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using buffer = device.createBuffer({ bytes: 5000 });
 * buffer.tryReserve();
 * buffer.tryValidate({ placement: [{ memoryType: "system" }] });
 * buffer.unreserve();
 * assertEquals(vmaDump(device.dump()).Total.AllocationBytes, 8192);
 * ```
 */
export function vmaDump(dump: DeviceDump): VmaDump {
  const contents = dump.memoryTypes.map(({ name, pages, fixed, places }, index) => ({
    name,
    bytes: index === 0 ? null : pages * PAGE_SIZE,
    flags: fixed ? ["DEVICE_LOCAL"] : ["HOST_VISIBLE"],
    held: places.filter(({ owner }) => !owner.swapped).map(({ start, pages, owner }) => ({
      ...{ buffer: owner.id, label: titleOf(owner), isLive: owner.state === "live" },
      ...{ offset: start * PAGE_SIZE, bytes: pages * PAGE_SIZE },
    })),
  }));
  return assemble(dump.driver, dump.time, contents);
}

function titleOf({ label, state }: DumpedBuffer): string {
  return state === "live" ? label ?? "" : `${label ?? ""} (${state})`.trimStart();
}

/**
 * The same from a record, at a moment: buffers are where the moves up to then have brought them, and those whose
 * creation is not in the record are left out, since their sizes are unknown. A record does not say which memory is
 * device-resident, so that `Flags` are empty.
 *
 * @param time Milliseconds on the device's clock; events of that time count. @default {the end of the record}
 * @throws {TtmError} `EINVAL` if `time` is no number.
 */
export function vmaDumpAt(record: DeviceRecord, time: number = Infinity): VmaDump {
  checkTime("dump the record", time);
  const { driver, memoryTypes, pageSize } = record.header;
  const occupancy = new Occupancy();
  let last = 0;
  for (const event of record.events) {
    if (event.time > time) break;
    occupancy.apply(event);
    last = event.time;
  }
  const contents = new Map(memoryTypes.map((type) => [type.name, contentsOf(type, pageSize)]));
  for (const { created, place, swapped } of occupancy.buffers()) {
    if (place === null || swapped) continue;
    const { buffer, label, pages } = created;
    const [offset, bytes] = [place.start * pageSize, pages * pageSize];
    contents.get(place.memoryType)?.held.push({ buffer, label, isLive: true, offset, bytes });
  }
  return assemble(driver, time === Infinity ? last : time, [...contents.values()]);
}

function contentsOf({ name, pages }: RecordedMemoryType, pageSize: number) {
  const held: Held[] = [];
  return { name, bytes: pages === null ? null : pages * pageSize, flags: [], held };
}

function assemble(driver: string, time: number, contents: readonly Contents[]): VmaDump {
  const pools = contents.map(({ bytes, held }) => poolOf(bytes, held));
  const heaps = contents.map(({ bytes, flags }, index): VmaHeap => {
    const Stats = statsOf(pools.slice(index, index + 1));
    const UsageBytes = Stats.AllocationBytes;
    return {
      Flags: flags.filter((flag) => flag === "DEVICE_LOCAL"),
      ...(bytes === null ? { Budget: { UsageBytes } } : { Size: bytes, Budget: { BudgetBytes: bytes, UsageBytes } }),
      Stats,
      MemoryPools: { [`Type ${index}`]: { Flags: flags, Stats } },
    };
  });
  return {
    General: {
      API: "Vulkan",
      GPU: driver,
      memoryHeapCount: heaps.length,
      memoryTypeCount: pools.length,
      producer: "@ttm/export",
      time,
      memoryTypes: contents.map(({ name }) => name),
    },
    Total: statsOf(pools),
    MemoryInfo: Object.fromEntries(heaps.map((heap, index) => [`Heap ${index}`, heap])),
    DefaultPools: Object.fromEntries(pools.map((pool, index) => [`Type ${index}`, pool])),
    CustomPools: {},
  };
}
