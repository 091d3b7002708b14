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
export { ReservableBuffer } from "./reservable_buffer.ts";
export { BulkMove } from "./bulk_move.ts";
export type {
  BufferKind,
  BufferOptions,
  PlacedBufferOptions,
  ReadOptions,
  ReserveOptions,
  SwapOutOptions,
  ValidateOptions,
  WaitOptions,
  WriteOptions,
} from "./options.ts";
export type { Caching } from "./caching.ts";
export { Client, type ClientUsage } from "./client.ts";
export { type Clock, type ClockEvent, SystemClock } from "./clock.ts";
export { BoDevice, checkInvariants, type DeviceOptions } from "./device.ts";
export type { Driver, DriverContext, DriverSupport, Location, MoveKind, MoveRequest, RebindRequest } from "./driver.ts";
export { TtmError, type TtmErrorCode } from "./errors.ts";
export type { EvictionCursor, EvictionPolicy } from "./eviction_policy.ts";
export { Exec, type ExecOptions } from "./exec.ts";
export { Fence, type FenceCallback, FenceContext } from "./fence.ts";
export { FenceList, type FenceUsage, type GuardedFence } from "./fence_list.ts";
export type { KernelMap, MapRange } from "./kernel_map.ts";
export type { Allocation, AllocationRequest, EvictionScan, ManagerNode, MemTypeManager } from "./manager.ts";
export { type DumpedRange, dumpRanges } from "./range_dump.ts";
export { lru, mru } from "./lru.ts";
export { moveMemcpy } from "./memcpy.ts";
export { type MemoryTypeOptions, PAGE_SIZE, PRIORITIES } from "./memory_type.ts";
export { type Place, type Placement, PreparedPlacement } from "./placement.ts";
export type { KeptBuffer, KeptReason, NoRoomReport, TriedPlace, TypeUsage } from "./report.ts";
export type { Blocker } from "./operation.ts";
export { Global, type GlobalOptions } from "./global.ts";
export { type ListEntry, ReservedList, reserveList, type ReserveListOptions } from "./reserve_list.ts";
export { Reservation } from "./reservation.ts";
export { SimulatedClock } from "./simulated_clock.ts";
export type { MoveEvent, TracedPlace, Tracer } from "./tracer.ts";
export { AcquireTicket } from "./ticket.ts";
export { memoryStore, type SwapStore } from "./swap_store.ts";
export { PagePool, type PagePoolOptions } from "./page_pool.ts";
export { byteTable, type PageCodec, type TableOptions, TranslationTable } from "./translation_table.ts";
export type { UserMap } from "./user_map.ts";
export { WAIT_BUDGET_MS } from "./wait.ts";
