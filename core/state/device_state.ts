import { MemoryAccountant } from "./memory_accountant.ts";
import { show } from "../base/arguments.ts";
import { BufferRecord } from "./buffer_record.ts";
import { BufferTable } from "./buffer_table.ts";
import type { BufferView } from "../contract/buffer_view.ts";
import type { Clock } from "../time/clock.ts";
import type { Driver } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import { EvictionOrder } from "./eviction_order.ts";
import { type EvictionPolicy, isPolicy } from "../contract/eviction_policy.ts";
import type { GroupRecord } from "../groups/group_record.ts";
import { Hints } from "./hints.ts";
import { isManager, type MemTypeManager } from "../contract/mem_type_manager.ts";
import { MemoryType } from "../resource/memory_type.ts";
import { MmapOffsets } from "./mmap_offsets.ts";
import type { Placement } from "../contract/placement.ts";
import { type PreparedPlace, PreparedPlacement, preparePlace } from "../resource/prepared_placement.ts";
import { ResourceTable } from "../resource/resource_table.ts";
import { Returns } from "./returns.ts";
import { Submissions } from "./submissions.ts";
import { memoryStore, type SwapStore } from "../contract/swap_store.ts";
import type { TracedMove } from "./traced_move.ts";
import type { Tracer } from "../contract/tracer.ts";

const MAX_TYPES = 8;

/** The state that the algorithms work on: the parts that the device was composed of, and its tables. */
export class DeviceState {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly tracer: Tracer;
  /** The store that pages are swapped out to. */
  readonly store: SwapStore;
  /** The accounting of host memory, shared by the devices of one global. */
  readonly accountant: MemoryAccountant;
  readonly types: readonly MemoryType[];
  readonly typesByName: ReadonlyMap<string, MemoryType>;
  readonly buffers: BufferTable<BufferRecord> = new BufferTable();
  readonly resources: ResourceTable<BufferRecord> = new ResourceTable();
  readonly systemPlace: PreparedPlace;
  /** The uses of buffers that are expected. */
  readonly hints: Hints<BufferRecord> = new Hints((buffer) => this.order.expect(buffer), ({ pages }) => pages);
  /** The eviction order and the pinned list. */
  readonly order: EvictionOrder;
  /** The operations of calls that make one attempt only; such calls cannot nest. */
  readonly submissions: Submissions;
  /** Whether the driver's copy engine itself orders copies behind the fences of the buffer. */
  readonly orderedMoves: boolean;
  /** Whether host pages need 32-bit addresses. */
  readonly dma32: boolean;
  /** Whether moves copy bytes, so that buffers outside fixed memory need backing pages. */
  readonly movesBytes: boolean;
  /** Whether the driver changes bindings in one step, perhaps while the buffer is busy. */
  readonly rebinds: boolean;
  /** Whether an evicted range is freed before the copy out of it ends, behind the move fence of its memory type. */
  readonly pipelinesEvictions: boolean;
  /** Number of buffers that have references. */
  liveBuffers = 0;
  /** Number of buffers without references, and of ghost objects, that have not been freed. */
  dyingBuffers = 0;
  /** Number of ghost objects created so far. */
  ghostsMade = 0;
  /** Number of holds that block delayed destruction. */
  delayedDestroyHolds = 0;
  /** The groups of the device. */
  readonly groups: Set<GroupRecord> = new Set();
  /** The mmap offsets of buffers. */
  readonly mmapOffsets: MmapOffsets = new MmapOffsets();
  /** Buffers whose user maps hold an I/O window, the longest-held window first. */
  readonly windowedUsers: Set<BufferRecord> = new Set();
  /** Copies of imported bytes back to their arrays, of buffers without references. */
  readonly returns: Returns<BufferRecord> = new Returns();
  closed = false;
  /** The event of the last move that a tracer was told of. */
  tracedMove: TracedMove | null = null;
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
    this.dma32 = driver.supports?.dma32 === true;
    this.movesBytes = driver.supports?.contents !== false;
    this.rebinds = driver.rebind !== undefined;
    this.pipelinesEvictions = driver.supports?.pipelinedEvictions !== false;
    this.types = createTypes(driver, managers);
    this.typesByName = new Map(this.types.map((type) => [type.name, type]));
    this.systemPlace = preparePlace(this.typesByName, "the swap place", { memoryType: "system" });
    this.order = new EvictionOrder(this.resources, this.hints, policy);
  }

  /** Takes the parts for exclusive use by this device; if one of them fails, the others are released again. */
  takeParts(): void {
    const { policy } = this.order;
    const memoryTypes = this.types.map(({ name, pages, manager }) => {
      return { name, pages, manager: manager?.name ?? null };
    });
    this.tracer.attach?.({ clock: this.clock, driver: this.driver.name, policy: policy.name, memoryTypes });
    initManagers(this.types);
    try {
      this.driver.attach?.({ clock: this.clock, loseContents: this.#loseContents });
    } catch (error) {
      for (const { manager } of this.types) manager?.takedown();
      throw error;
    }
    policiesInUse.add(policy);
  }

  #loseContents = (buffer: BufferView, error: unknown): void => {
    if (!(buffer instanceof BufferRecord) || !buffer.belongsTo(this)) {
      throw new TtmError("EINVAL", `Cannot lose contents of ${show(buffer)}: it is not a buffer of this device`);
    }
    buffer.lose(error ?? new TtmError("EIO", `driver "${this.driver.name}" does not say why`));
  };

  /** Releases the parts for use by other devices; throws EBUSY and keeps all if a manager still holds pages. */
  giveUpParts(): void {
    for (const [at, { name, manager }] of this.types.entries()) {
      if (manager?.takedown() !== false) continue;
      initManagers(this.types.slice(0, at));
      throw new TtmError("EBUSY", `Cannot close device: the manager of ${name} still holds pages`);
    }
    policiesInUse.delete(this.order.policy);
  }

  /** Prepares a placement that a driver returned; each placement object is checked once. */
  prepareOnce(placement: Placement): PreparedPlacement {
    // Most consecutive calls pass the same object.
    return this.#lastEvicted?.placement === placement ? this.#lastEvicted.prepared : this.#prepare(placement);
  }

  #prepare(placement: Placement): PreparedPlacement {
    const prepared = this.#evictPlacements.get(placement) ?? new PreparedPlacement(this.typesByName, placement);
    this.#evictPlacements.set(placement, prepared);
    this.#lastEvicted = { placement, prepared };
    return prepared;
  }
}

const policiesInUse = new WeakSet<EvictionPolicy>();

/** Entries of a policy are row numbers of one device, so a policy cannot serve two devices at a time. */
function checkPolicy(policy: EvictionPolicy | null): void {
  if (policy === null) return;
  if (!isPolicy(policy)) {
    throw new TtmError("EINVAL", `Cannot create device: ${show(policy)} is not an eviction policy`);
  }
  if (policiesInUse.has(policy)) {
    throw new TtmError("EINVAL", `Cannot create device: the policy "${policy.name}" is used by another device`);
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
      throw new TtmError("EINVAL", `Cannot create device: the manager given for "${name}" is not a manager`);
    }
    if (name !== "system" && names.has(name)) continue;
    throw new TtmError("EINVAL", `Cannot create device: managers names "${name}", and there is no such memory type`);
  }
  const types = declared.map((options, index) => new MemoryType(options, index, managers[options?.name] ?? null));
  if (driver.move === undefined && driver.ioMemReserve === undefined && types.some((type) => type.fixed)) {
    const why = `driver "${driver.name}" has fixed memory, but neither move nor ioMemReserve`;
    throw new TtmError("EINVAL", `Cannot create device: ${why}`);
  }
  return types;
}

/** Initialises the managers with the sizes of their memory types; if one fails, those before it are taken down. */
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
