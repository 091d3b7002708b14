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
export { accountedSize } from "./memory/accounted_size.ts";
export type { MemoryLimits, MemoryZone, ZoneUsage } from "./state/memory_accountant.ts";
export { BufferObject } from "./api/buffer_object.ts";
export { BufferRecord } from "./state/buffer_record.ts";
export type { BufferKind, BufferView } from "./contract/buffer_view.ts";
export type { BufferOptions, StoredContents } from "./contract/buffer_options.ts";
export { BulkMove } from "./resource/bulk_move.ts";
export type {
  ReadOptions,
  ReserveOptions,
  SwapOutOptions,
  ValidateOptions,
  WaitOptions,
  WriteOptions,
} from "./contract/call_options.ts";
export type { Caching } from "./base/caching.ts";
export { Client, type ClientOptions, type ClientUsage } from "./api/client.ts";
export type { ClientView } from "./contract/client_view.ts";
export type { DeviceView } from "./contract/device_view.ts";
export { type Clock, type ClockEvent, SystemClock } from "./time/clock.ts";
export { BoDevice, checkInvariants } from "./api/device.ts";
export type { DeviceOptions, PlacedBufferOptions } from "./api/device_options.ts";
export type {
  DeviceDump,
  DumpedBuffer,
  DumpedGroup,
  DumpedMemoryType,
  DumpedPlace,
  DumpedUsage,
} from "./inspect/device_dump.ts";
export type {
  Driver,
  DriverContext,
  DriverSupport,
  Location,
  MemoryTypeOptions,
  MoveKind,
  MoveRequest,
  Postponed,
  RebindRequest,
  SubmittedBuffer,
} from "./contract/driver.ts";
export { TtmError, type TtmErrorCode } from "./base/errors.ts";
export type { EvictionCursor, EvictionPolicy, RemovalReason } from "./contract/eviction_policy.ts";
export { Exec, type ExecOptions } from "./api/exec.ts";
export { Fence, type FenceCallback, FenceContext } from "./lock/fence.ts";
export { FenceList, type FenceUsage, type GuardedFence } from "./lock/fence_list.ts";
export type { KernelMap, MapRange } from "./memory/kernel_map.ts";
export {
  type AllocationRequest,
  BUSY,
  type EvictionScan,
  LATER,
  MAX_HANDLE,
  type MemTypeManager,
  NO_ROOM,
} from "./contract/mem_type_manager.ts";
export { type DumpedRange, dumpRanges } from "./contract/dump_ranges.ts";
export { lru, mru } from "./resource/lru.ts";
export { moveMemcpy } from "./contract/move_memcpy.ts";
export { PAGE_SIZE, PRIORITIES } from "./base/units.ts";
export type { Place, Placement } from "./contract/placement.ts";
export { PreparedPlacement } from "./resource/prepared_placement.ts";
export type {
  KeptBuffer,
  KeptReason,
  NoRoomReport,
  ReachedLimit,
  TriedPlace,
  TypeUsage,
} from "./base/no_room_report.ts";
export type { Blocker } from "./state/operation.ts";
export { Global, type GlobalOptions } from "./api/global.ts";
export { type GroupOptions, type GroupUsage, MemoryGroup } from "./api/memory_group.ts";
export type { GroupLimits } from "./groups/counter.ts";
export { GroupRecord } from "./groups/group_record.ts";
export { type ListEntry, ReservedList, reserveList, type ReserveListOptions } from "./api/reserve_list.ts";
export { Reservation } from "./lock/reservation.ts";
export type { SubmitEntry } from "./api/submit.ts";
export type { Work } from "./submit/work.ts";
export { SimulatedClock, type SleepOptions } from "./time/simulated_clock.ts";
export type { MoveEvent, TracedDevice, TracedOperation, TracedPlace, Tracer, WaitEvent } from "./contract/tracer.ts";
export type { EvictionCause, PassedOver, PassedOverReason } from "./contract/traced_eviction.ts";
export { joinTracers } from "./contract/join_tracers.ts";
export { AcquireTicket } from "./lock/acquire_ticket.ts";
export { memoryStore, type ReadOnlyStore, type SwapStore } from "./contract/swap_store.ts";
export { PagePool, type PagePoolOptions } from "./contract/page_pool.ts";
export { byteTable, type PageCodec, type TableOptions, TranslationTable } from "./contract/translation_table.ts";
export type { UserMap } from "./api/user_map.ts";
export { WAIT_BUDGET_MS } from "./state/wait.ts";
