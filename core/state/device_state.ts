import { MemoryAccountant } from "./memory_accountant.ts";
import { show } from "../base/arguments.ts";
import type { BufferRecord } from "./buffer_record.ts";
import { BufferTable } from "./buffer_table.ts";
import type { Clock } from "../time/clock.ts";
import type { Driver } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import { EvictionOrder } from "./eviction_order.ts";
import { type EvictionPolicy, isPolicy } from "../contract/eviction_policy.ts";
import type { Fence } from "../lock/fence.ts";
import { isManager, type MemTypeManager } from "../contract/mem_type_manager.ts";
import { MemoryType } from "./memory_type.ts";
import { MmapOffsets } from "./mmap_offsets.ts";
import type { Placement } from "../contract/placement.ts";
import { type PreparedPlace, PreparedPlacement, preparePlace } from "./prepared_placement.ts";
import { ResourceTable } from "./resource_table.ts";
import { Submissions } from "./submissions.ts";
import { memoryStore, type SwapStore } from "../contract/swap_store.ts";
import type { Tracer } from "../contract/tracer.ts";

const MAX_TYPES = 8;

/** Imported bytes on their way from the device back into the array of their exporter. */
export interface Returning {
  /** What the next attempt waits for; null while it waits for room at a stop on the way. */
  readonly waitsFor: Fence | null;
  /** Goes on, after whoever has reserved the buffer to evict it. */
  attempt(): void;
  /** Lets go of the buffer; the array stays as it is if the bytes are still on the device. */
  end(): void;
}

/** What the algorithms work on: the parts that a device was composed of, and its tables. */
export class DeviceState {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly tracer: Tracer;
  /** Where pages are swapped out to. */
  readonly store: SwapStore;
  /** The account of host memory, which devices of one global share. */
  readonly accountant: MemoryAccountant;
  readonly types: readonly MemoryType[];
  readonly typesByName: ReadonlyMap<string, MemoryType>;
  readonly buffers: BufferTable<BufferRecord> = new BufferTable();
  readonly resources: ResourceTable<BufferRecord> = new ResourceTable();
  readonly systemPlace: PreparedPlace;
  /** Who is evicted next, and who is pinned. */
  readonly order: EvictionOrder;
  /** The records of calls that make one attempt only; they cannot nest. */
  readonly submissions: Submissions;
  /** Whether the driver's engine orders copies behind fences by itself. */
  readonly orderedMoves: boolean;
  /** Whether the driver may want to be asked again for a move. */
  readonly retriedMoves: boolean;
  /** Whether host pages need 32-bit addresses. */
  readonly dma32: boolean;
  /** Whether moves carry bytes, so that buffers need host pages outside fixed memory. */
  readonly movesBytes: boolean;
  /** Whether the driver changes bindings in one step, perhaps while the buffer is busy. */
  readonly rebinds: boolean;
  /** Whether a range is handed on behind the copy that evicts its last tenant. */
  readonly pipelinesEvictions: boolean;
  /** Buffers that have users. */
  liveBuffers = 0;
  /** Buffers without users, and ghosts, that have not been freed. */
  dyingBuffers = 0;
  /** Ghosts so far. */
  ghostsMade = 0;
  /** How many keep delayed destruction from running by itself. */
  delayedDestroyHolds = 0;
  /** The offsets by which users name what to map. */
  readonly mmapOffsets: MmapOffsets = new MmapOffsets();
  /** Buffers whose maps of users hold a window, from the one that has had it longest. */
  readonly windowedUsers: Set<BufferRecord> = new Set();
  /** Imported bytes of buffers without users that are on their way back to their exporters. */
  readonly returning: Set<Returning> = new Set();
  closed = false;
  #evictPlacements: WeakMap<Placement, PreparedPlacement> = new WeakMap();
  #lastEvicted: { readonly placement: Placement; readonly prepared: PreparedPlacement } | null = null;

  constructor(
    driver: Driver,
    managers: Readonly<Record<string, MemTypeManager>>,
    clock: Clock,
    tracer: Tracer,
    store: SwapStore = memoryStore(),
    accountant: MemoryAccountant = new MemoryAccountant(),
    policy: EvictionPolicy | null = null,
  ) {
    checkPolicy(policy);
    this.store = store;
    this.accountant = accountant;
    this.driver = driver;
    this.clock = clock;
    this.tracer = tracer;
    this.submissions = new Submissions(tracer);
    this.orderedMoves = driver.move !== undefined && driver.supports?.moves === "ordered";
    this.retriedMoves = driver.move !== undefined && driver.supports?.moves === "retried";
    this.dma32 = driver.supports?.dma32 === true;
    this.movesBytes = driver.supports?.contents !== false;
    this.rebinds = driver.rebind !== undefined;
    this.pipelinesEvictions = driver.supports?.pipelinedEvictions !== false;
    this.types = createTypes(driver, managers);
    this.typesByName = new Map(this.types.map((type) => [type.name, type]));
    this.systemPlace = preparePlace(this.typesByName, "the swap place", { memoryType: "system" });
    this.order = new EvictionOrder(this.resources, this.buffers, policy);
  }

  /** Takes the parts for this device alone; if one refuses, all are as free for another device as before. */
  takeParts(): void {
    const { policy } = this.order;
    initManagers(this.types);
    try {
      this.driver.attach?.({ clock: this.clock });
    } catch (error) {
      for (const { manager } of this.types) manager?.takedown();
      throw error;
    }
    policiesInUse.add(policy);
  }

  /** Gives the parts up for other devices; throws EBUSY, with all of them kept, if a manager still holds pages. */
  giveUpParts(): void {
    for (const [at, { name, manager }] of this.types.entries()) {
      if (manager?.takedown() !== false) continue;
      initManagers(this.types.slice(0, at));
      throw new TtmError("EBUSY", `Cannot close device: the manager of ${name} still holds pages`);
    }
    policiesInUse.delete(this.order.policy);
  }

  /** A driver's placement, checked once for each object that it returns. */
  prepareOnce(placement: Placement): PreparedPlacement {
    // One after the other, most are the same.
    if (this.#lastEvicted?.placement === placement) return this.#lastEvicted.prepared;
    const prepared = this.#evictPlacements.get(placement) ?? new PreparedPlacement(this.typesByName, placement);
    this.#evictPlacements.set(placement, prepared);
    this.#lastEvicted = { placement, prepared };
    return prepared;
  }
}

const policiesInUse = new WeakSet<EvictionPolicy>();

/** Entries are numbers of one device: a policy cannot serve two at a time. */
function checkPolicy(policy: EvictionPolicy | null): void {
  if (policy === null) return;
  if (!isPolicy(policy)) throw new TtmError("EINVAL", `Cannot create device: ${show(policy)} is no eviction policy`);
  if (policiesInUse.has(policy)) {
    throw new TtmError("EINVAL", `Cannot create device: the policy "${policy.name}" serves another one`);
  }
}

function createTypes(driver: Driver, managers: Readonly<Record<string, MemTypeManager>>): MemoryType[] {
  const declared = driver.memoryTypes;
  if (!Array.isArray(declared) || declared.length < 1 || declared.length > MAX_TYPES) {
    throw new TtmError(
      "EINVAL",
      `Cannot create device: driver "${driver.name}" must have 1 to ${MAX_TYPES} memory types`,
    );
  }
  const names = new Set<string>(declared.map((type) => type?.name));
  if (names.size !== declared.length) {
    throw new TtmError("EINVAL", `Cannot create device: driver "${driver.name}" names a memory type twice`);
  }
  for (const name of Object.keys(managers)) {
    const manager = managers[name];
    if (manager !== undefined && !isManager(manager)) {
      throw new TtmError("EINVAL", `Cannot create device: what is to manage "${name}" is no manager`);
    }
    if (name !== "system" && names.has(name)) continue;
    throw new TtmError("EINVAL", `Cannot create device: there is no memory type "${name}" to manage`);
  }
  const types = declared.map((options, index) => new MemoryType(options, index, managers[options?.name] ?? null));
  if (driver.move === undefined && driver.ioMemReserve === undefined && types.some((type) => type.fixed)) {
    const why = `driver "${driver.name}" has fixed memory, but neither move nor ioMemReserve`;
    throw new TtmError("EINVAL", `Cannot create device: ${why}`);
  }
  return types;
}

/** Hands the managers their pages; if one refuses, those before it are taken down again. */
function initManagers(types: readonly MemoryType[]): void {
  for (const [at, { manager, pages }] of types.entries()) {
    try {
      manager?.init(pages);
    } catch (error) {
      for (const type of types.slice(0, at)) type.manager?.takedown();
      throw error;
    }
  }
}
