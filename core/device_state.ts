import type { MemoryAccountant } from "./accounting.ts";
import { show } from "./arguments.ts";
import type { BufferObject } from "./buffer_object.ts";
import { BufferTable } from "./buffer_table.ts";
import type { Clock } from "./clock.ts";
import type { Driver } from "./driver.ts";
import { TtmError } from "./errors.ts";
import { EvictionOrder } from "./eviction_order.ts";
import { type EvictionPolicy, isPolicy } from "./eviction_policy.ts";
import { FenceContext } from "./fence.ts";
import { Global } from "./global.ts";
import { isManager, type MemTypeManager } from "./manager.ts";
import { MemoryType } from "./memory_type.ts";
import { MmapOffsets } from "./mmap_offsets.ts";
import { Operation } from "./operation.ts";
import { type Placement, type PreparedPlace, PreparedPlacement, preparePlace } from "./placement.ts";
import { ResourceTable } from "./resource_table.ts";
import { memoryStore, type SwapStore } from "./swap_store.ts";
import type { Tracer } from "./tracer.ts";

const MAX_TYPES = 8;

/** What the algorithms work on: the parts that a device was composed of, and its tables. */
export class DeviceState {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly tracer: Tracer;
  /** Where pages are swapped out to. */
  readonly store: SwapStore;
  /** What it shares with other devices. */
  readonly global: Global;
  readonly accountant: MemoryAccountant;
  readonly types: readonly MemoryType[];
  readonly typesByName: ReadonlyMap<string, MemoryType>;
  readonly buffers: BufferTable = new BufferTable();
  readonly resources: ResourceTable = new ResourceTable();
  readonly systemPlace: PreparedPlace;
  /** Who is evicted next, and who is pinned. */
  readonly order: EvictionOrder;
  /** The record of calls that make one attempt only; they cannot nest. */
  readonly single: Operation;
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
  /** The timeline of transfers from and to the swap store. */
  readonly swapLine: FenceContext = new FenceContext("swap");
  /** The offsets by which users name what to map. */
  readonly mmapOffsets: MmapOffsets = new MmapOffsets();
  /** Buffers whose maps of users hold a window, from the one that has had it longest. */
  readonly windowedUsers: Set<BufferObject> = new Set();
  closed = false;
  #evictPlacements: WeakMap<Placement, PreparedPlacement> = new WeakMap();
  #lastEvicted: { readonly placement: Placement; readonly prepared: PreparedPlacement } | null = null;

  constructor(
    driver: Driver,
    managers: Readonly<Record<string, MemTypeManager>>,
    clock: Clock,
    tracer: Tracer,
    store: SwapStore = memoryStore(),
    global: Global = new Global(),
    policy: EvictionPolicy | null = null,
  ) {
    this.store = store;
    this.global = global;
    this.accountant = global.accountant;
    this.driver = driver;
    this.clock = clock;
    this.tracer = tracer;
    this.single = new Operation(tracer, false);
    this.orderedMoves = driver.move !== undefined && driver.supports?.moves === "ordered";
    this.retriedMoves = driver.move !== undefined && driver.supports?.moves === "retried";
    this.dma32 = driver.supports?.dma32 === true;
    this.movesBytes = driver.supports?.contents !== false;
    this.rebinds = driver.rebind !== undefined;
    this.pipelinesEvictions = driver.supports?.pipelinedEvictions !== false;
    this.types = createTypes(driver, managers);
    this.typesByName = new Map(this.types.map((type) => [type.name, type]));
    this.systemPlace = preparePlace(this.typesByName, "the swap place", { memoryType: "system" });
    this.order = new EvictionOrder(this.resources, this.buffers, takePolicy(policy));
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

/** Entries are numbers of one device: a policy cannot serve two. */
function takePolicy(policy: EvictionPolicy | null): EvictionPolicy | null {
  if (policy === null) return null;
  if (!isPolicy(policy)) throw new TtmError("EINVAL", `Cannot create device: ${show(policy)} is no eviction policy`);
  if (policiesInUse.has(policy)) {
    throw new TtmError("EINVAL", `Cannot create device: the policy "${policy.name}" serves another one`);
  }
  policiesInUse.add(policy);
  return policy;
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
  initManagers(types);
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
