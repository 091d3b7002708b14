/**
 * The buffer-object manager of Linux's graphics stack (TTM): contracts for drivers and memory-type managers, and the
 * algorithms that place, move and evict buffers. No I/O and no dependencies; this module is browser compatible.
 *
 * @example A buffer in system memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using buffer = device.createBuffer({ bytes: 4096 });
 * using _reservation = await buffer.reserve();
 * await buffer.validate({ placement: [{ memoryType: "system" }] });
 * assertEquals(buffer.memoryType, "system");
 * ```
 *
 * @module
 */
export { accountedSize } from "./acc_size.ts";
export type { MemoryLimits, MemoryZone, ZoneUsage } from "./accounting.ts";
export { BufferObject } from "./buffer_object.ts";
export { BufferRecord } from "./buffer_record.ts";
export type { BufferKind, BufferView } from "./buffer_view.ts";
export type { BufferOptions } from "./buffer_options.ts";
export { ReservableBuffer } from "./reservable_buffer.ts";
export { BulkMove } from "./bulk_move.ts";
export type {
  ReadOptions,
  ReserveOptions,
  SwapOutOptions,
  ValidateOptions,
  WaitOptions,
  WriteOptions,
} from "./options.ts";
export type { Caching } from "./caching.ts";
export { Client, type ClientUsage } from "./client.ts";
export type { ClientView } from "./client_view.ts";
export type { DeviceView } from "./device_view.ts";
export { type Clock, type ClockEvent, SystemClock } from "./clock.ts";
export { BoDevice, checkInvariants } from "./device.ts";
export type { DeviceOptions, PlacedBufferOptions } from "./device_options.ts";
export type { DeviceDump, DumpedBuffer, DumpedMemoryType, DumpedPlace } from "./device_dump.ts";
export type {
  Driver,
  DriverContext,
  DriverSupport,
  Location,
  MemoryTypeOptions,
  MoveKind,
  MoveRequest,
} from "./driver.ts";
export { TtmError, type TtmErrorCode } from "./errors.ts";
export type { EvictionCursor, EvictionPolicy, RemovalReason } from "./eviction_policy.ts";
export { Exec, type ExecOptions } from "./exec.ts";
export { Fence, type FenceCallback, FenceContext } from "./fence.ts";
export { FenceList, type FenceUsage, type GuardedFence } from "./fence_list.ts";
export type { KernelMap, MapRange } from "./kernel_map.ts";
export type { Allocation, AllocationRequest, EvictionScan, ManagerNode, MemTypeManager } from "./manager.ts";
export { type DumpedRange, dumpRanges } from "./range_dump.ts";
export { lru, mru } from "./lru.ts";
export { moveMemcpy } from "./memcpy.ts";
export { PAGE_SIZE, PRIORITIES } from "./units.ts";
export type { Place, Placement } from "./placement.ts";
export { PreparedPlacement } from "./prepared_placement.ts";
export type { KeptBuffer, KeptReason, NoRoomReport, TriedPlace, TypeUsage } from "./no_room_report.ts";
export type { Blocker } from "./operation.ts";
export { Global, type GlobalOptions } from "./global.ts";
export { type ListEntry, ReservedList, reserveList, type ReserveListOptions } from "./reserve_list.ts";
export { Reservation } from "./reservation.ts";
export { SimulatedClock, type SleepOptions } from "./simulated_clock.ts";
export type { MoveEvent, TracedPlace, Tracer } from "./tracer.ts";
export { AcquireTicket } from "./ticket.ts";
export { memoryStore, type SwapStore } from "./swap_store.ts";
export { PagePool, type PagePoolOptions } from "./page_pool.ts";
export { byteTable, type PageCodec, type TableOptions, TranslationTable } from "./translation_table.ts";
export type { UserMap } from "./user_map.ts";
export { WAIT_BUDGET_MS } from "./wait.ts";
