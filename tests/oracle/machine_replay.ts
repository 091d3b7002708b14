import type { BoDevice, BufferObject, Fence, FenceUsage, WaitOptions } from "@ttm/core";
import type { ReplayClock } from "./clock.ts";
import { type MachineHeader, RecordedMachine, type TracedEvent } from "./machine.ts";
import { makeImported } from "./imported_buffers.ts";
import { expectedState, foundState, type MachineState, type Named } from "./machine_state.ts";
import { evictFirstPinnedOrNot, KernelBulkMove } from "./quirks.ts";
import { NAMES, type TracedPlace } from "./recording.ts";
import { type Compared, ImpossibleOperation, type Replayer } from "./trace.ts";

/** Any line of a ttm trace except the first; each operation has some of these members. */
export interface MachineOperation extends MachineState {
  readonly op: string;
  readonly bo: number;
  readonly dev: number;
  readonly pages: number;
  readonly align: number;
  readonly prio: number;
  readonly pl: readonly TracedPlace[];
  readonly rv: number;
  readonly bulk: 0 | 1;
  readonly are: 0 | 1;
  readonly nw: 0 | 1;
  readonly cd?: 0 | 1;
  readonly type: 0 | 1 | 2;
  readonly held: readonly number[];
  readonly tail: 0 | 1;
  readonly on: 0 | 1;
  readonly mem: number;
  readonly target: number;
  readonly f: number;
  readonly tl: number;
  readonly usage: number;
  readonly err: number;
  /** Of family ttmc: the caching of the buffer's tables from now on. */
  readonly ca?: number;
  readonly what: number;
  readonly n: number;
  readonly v: number | readonly number[];
  readonly ret?: number;
  readonly ev?: readonly TracedEvent[];
  readonly moved?: number;
  readonly ghost?: number;
  readonly done?: readonly number[];
  readonly rets?: unknown;
}

const USAGES: readonly FenceUsage[] = ["kernel", "write", "read", "bookkeep"];
const PRIORITIES = 4;
const SUBMITTED = 8;
const ENOENT = -2;
const SG = 2;
/** The fence of a move without fences, which family ttm does not record. */
const MOVE_MEMBERS = 7;

/** Replays the kernel's TTM: idle and busy buffers, swapping, several devices, shared reservations, failing hooks. */
export class MachineReplayer implements Replayer<MachineOperation> {
  /** @internal */
  protected readonly machine: RecordedMachine;
  /** @internal */
  protected readonly buffers: Map<number, Named> = new Map();
  readonly #bulks: readonly KernelBulkMove[];
  /** Buffers without a place, one for each shared reservation. */
  readonly #roots: readonly BufferObject[];
  #result: { value?: readonly number[]; rets?: [number, number][]; moves?: boolean } = {};

  constructor(header: MachineHeader) {
    // The kernel populates the buffer before it calls the driver for the hop, and expects no hop in a swapout.
    if (header.hop === 1 && header.vram_tt === 1) throw new Error("A hop to VRAM with host pages is not replayed");
    this.machine = new RecordedMachine(header);
    const [device] = this.machine.devices;
    this.#roots = Array.from({ length: header.nresv }, () => device?.createBuffer({ bytes: 1 }) as BufferObject);
    this.#bulks = this.#roots.map(() => new KernelBulkMove());
  }

  get clock(): ReplayClock {
    return this.machine.clock;
  }

  async run(operation: MachineOperation): Promise<Compared> {
    this.#result = {};
    this.machine.copiesDone = operation.cd === 1;
    this.machine.begin(null);
    const ret = await this.perform(operation);
    const { ev, moved, ghost, done } = this.machine.take();
    this.machine.check();
    const like = operation;
    const isShort = this.machine.header.kind === "ttm";
    const found = {
      ret,
      moved: this.#result.moves === false ? 0 : moved,
      ev: isShort ? ev.map((event) => event.slice(0, MOVE_MEMBERS)) : ev,
      ghost,
      done,
      rets: this.#result.rets,
      ...(operation.op === "read" && { v: this.#result.value }),
      ...this.state(),
    };
    const names = Object.keys(found).filter((name) => like[name as keyof MachineOperation] !== undefined);
    const only = (record: object) => Object.fromEntries(names.map((name) => [name, record[name as keyof object]]));
    return {
      expected: { ...only(like), ...expectedState(like) },
      found: { ...only(found), ...foundState(this.machine, this.buffers, this.#roots, () => this.#bulkRows(), like) },
    };
  }

  /** @internal Further state after an operation. */
  protected state(): object {
    return {};
  }

  /** @internal */
  protected perform(operation: MachineOperation): Promise<number> | number {
    const { op, bo, dev, mem, nw, held, target } = operation;
    const memoryType = NAMES[mem] ?? "";
    const noWait = nw === 1;
    const { machine } = this;
    switch (op) {
      case "create":
        return this.create(operation);
      case "validate":
        return this.#holding(held, () => this.#validate(operation));
      case "touch":
        return this.#reserved(bo, () => 0);
      case "pin":
        return this.#reserved(bo, (buffer) => (buffer.pin(), 0), operation.tail !== 0);
      case "unpin":
        return this.#reserved(bo, (buffer) => (buffer.unpin(), 0), operation.tail !== 0);
      case "setprio":
        return this.#reserved(bo, (buffer) => (buffer.setPriority(operation.prio), 0));
      case "unref":
        return this.#unref(bo);
      case "evict_first":
        return this.#evictFirst(dev, memoryType, { noWait });
      case "evict_all":
        return this.#evictAll(dev, memoryType);
      case "swapout_dev":
        return this.#holding(held, () => this.#pagesOf(() => this.#device(dev).swapOut({ noWait })));
      case "swapout_global":
        return this.#holding(held, () => this.#pagesOf(() => machine.global.swapOut({ noWait }), machine.global));
      case "swapout":
        return this.#holding(
          held,
          () => this.#pagesOf(() => this.#device(dev).swapOut({ memoryType, pages: target, noWait })),
        );
      default:
        return this.#performOnOne(operation);
    }
  }

  #performOnOne(operation: MachineOperation): Promise<number> | number {
    const { op, bo, rv, nw } = operation;
    const { machine } = this;
    switch (op) {
      case "addfence":
        return this.#addFence(operation);
      case "signal":
        machine.timelines.signal(this.#fence(operation), operation.err === 0 ? undefined : operation.err);
        return 0;
      case "wait":
        return this.#reserved(bo, (buffer) => machine.outcome(() => buffer.wait({ noWait: nw === 1 })));
      case "drain":
        machine.timelines.signalAll();
        machine.flush();
        return 0;
      case "flush":
        machine.flush();
        return 0;
      case "populate":
        return this.#reserved(bo, (buffer) => {
          machine.begin(buffer);
          return machine.outcome(() => buffer.populate({ noWait: nw === 1 }));
        });
      case "write":
      case "read":
        return this.#access(operation);
      case "bulk_tail":
        this.#bulks[rv]?.moveToTail();
        return 0;
      case "set_bulk":
        return this.#setBulk(operation);
      case "submit":
        return this.#submit(operation);
      case "setcaching":
        machine.cachings.set(this.named(bo).buffer, operation.ca ?? 0);
        return 0;
      case "fail":
        machine.armed[operation.what] = operation.n;
        return 0;
      default:
        throw new Error(`There is nothing to replay ${op} with`);
    }
  }

  /** @internal */
  protected async create(operation: MachineOperation): Promise<number> {
    const { bo, dev, pages, align, prio, rv, bulk, are, nw, pl, type } = operation;
    if (this.buffers.has(bo)) throw new ImpossibleOperation(`Buffer ${bo} is created twice`);
    const reservation = this.#roots[rv]?.reservation;
    const device = this.#device(dev);
    const buffer = device.createBuffer({
      bytes: pages * 4096,
      alignment: align,
      priority: prio,
      kind: type === 1 ? "kernel" : "device",
      ...(reservation && { reservation }),
    });
    // The core takes imported pages from the creator of the buffer, the kernel from the driver's table.
    if (type === SG) makeImported(buffer);
    this.machine.name(buffer, bo);
    this.machine.cachings.set(buffer, operation.ca ?? 0);
    this.buffers.set(bo, { buffer, device: dev, reservation: rv, bulk: -1 });
    buffer.tryReserve();
    const evictSiblings = are === 1 && rv >= 0;
    const ret = await this.machine.validate(buffer, device, pl, { noWait: nw === 1, evictSiblings });
    if (ret === 0 && bulk === 1) this.#join(bo, rv);
    if (ret === 0) buffer.unreserve();
    else buffer.unlock();
    if (ret !== 0) buffer.unref();
    return ret;
  }

  async #validate({ bo, pl, nw, are }: MachineOperation): Promise<number> {
    const { reservation, device } = this.named(bo);
    const options = { noWait: nw === 1, evictSiblings: are === 1 && reservation >= 0 };
    return await this.#reserved(bo, (buffer) => this.machine.validate(buffer, this.#device(device), pl, options));
  }

  async #unref(bo: number): Promise<number> {
    const named = this.named(bo);
    await this.#reserved(bo, (buffer) => {
      buffer.setBulkMove(null);
      while (buffer.pins > 0) buffer.unpin();
      return 0;
    });
    named.bulk = -1;
    named.buffer.unref();
    return 0;
  }

  #evictFirst(dev: number, memoryType: string, options?: WaitOptions): Promise<number> {
    const lists = this.machine.lists[dev]?.of(memoryType) ?? [];
    return this.machine.outcome(() => evictFirstPinnedOrNot(this.#device(dev), memoryType, lists, options), ENOENT);
  }

  async #evictAll(dev: number, memoryType: string): Promise<number> {
    this.#result.moves = false;
    const device = this.#device(dev);
    while (device.lru(memoryType).flat().some((buffer) => buffer.pins > 0)) {
      const ret = await this.#evictFirst(dev, memoryType);
      if (ret !== 0) return ret === ENOENT ? 0 : ret;
    }
    return await this.machine.outcome(() => device.evictAll(memoryType));
  }

  #addFence(operation: MachineOperation): Promise<number> {
    const fence = this.#fence(operation);
    return this.#reserved(operation.bo, (buffer) => {
      buffer.addFence(fence, USAGES[operation.usage] ?? "bookkeep");
      return 0;
    });
  }

  #fence({ f, op, tl }: MachineOperation): Fence {
    const { timelines } = this.machine;
    if (f > timelines.made || (f === timelines.made && op === "signal")) {
      throw new ImpossibleOperation(`Fence ${f} is not there`);
    }
    return timelines.get(f, tl);
  }

  /** In a replay the contents of a page are one word. */
  #access({ op, bo, v }: MachineOperation): Promise<number> {
    return this.#reserved(bo, async (buffer) => {
      const ret = await this.machine.outcome(() => buffer.populate());
      if (ret !== 0) return ret;
      const words = buffer.tt?.contents as Uint32Array;
      if (op === "write") words.forEach((_, page) => words[page] = Number(v) + page);
      else this.#result.value = [words[0] ?? NaN, words.at(-1) ?? NaN];
      return ret;
    }, false);
  }

  #setBulk({ bo, on }: MachineOperation): Promise<number> {
    const named = this.named(bo);
    return this.#reserved(bo, (buffer) => {
      if (on === 1) this.#join(bo, named.reservation);
      else buffer.setBulkMove(null);
      if (on === 0) named.bulk = -1;
      return 0;
    }, false);
  }

  #join(bo: number, bulk: number): void {
    const named = this.named(bo);
    named.buffer.setBulkMove(this.#bulks[bulk] ?? null);
    named.bulk = bulk;
  }

  async #submit({ rv, are, tail, nw, pl }: MachineOperation): Promise<number> {
    const root = this.#roots[rv];
    root?.tryReserve();
    const members = [...this.buffers].filter(([, { buffer, reservation }]) => reservation === rv && !buffer.disposed);
    this.#result.rets = [];
    for (const [id, { buffer, device }] of members.slice(0, SUBMITTED)) {
      const options = { noWait: nw === 1, evictSiblings: are === 1 };
      this.#result.rets.push([id, await this.machine.validate(buffer, this.#device(device), pl, options)]);
    }
    if (tail !== 0) this.#bulks[rv]?.moveToTail();
    root?.unlock();
    return 0;
  }

  /** The pages freed, or the errno; that of a victim if no device was tried after the victim's. */
  async #pagesOf(act: () => Promise<number>, global?: RecordedMachine["global"]): Promise<number> {
    let pages = 0;
    const { victims } = this.machine;
    const ret = await this.machine.outcome(async () => pages = await act());
    const isLast = global === undefined || victims.errnoOn(global.devices.at(-1)) !== 0;
    return ret !== 0 && (isLast || victims.errno === 0) ? ret : pages;
  }

  /** Holds the locks of other buffers during a call. */
  async #holding(held: readonly number[], act: () => Promise<number>): Promise<number> {
    const others = held.map((id) => this.named(id).buffer).filter((buffer) => buffer.tryReserve());
    const ret = await act();
    for (const other of others) other.unlock();
    return ret;
  }

  async #reserved(
    bo: number,
    act: (buffer: BufferObject) => Promise<number> | number,
    toTail = true,
  ): Promise<number> {
    const { buffer } = this.named(bo);
    const isOurs = buffer.tryReserve();
    const ret = await act(buffer);
    if (toTail) buffer.unreserve();
    else if (isOurs) buffer.unlock();
    return ret;
  }

  #bulkRows(): number[][] {
    const rows: number[][] = [];
    for (const [rv, bulk] of this.#bulks.entries()) {
      for (const [type, name] of NAMES.entries()) {
        for (let priority = 0; priority < PRIORITIES; priority++) {
          const ends = bulk.ends(name, priority);
          if (ends !== null) rows.push([rv, type, priority, ...ends.map((end) => this.machine.id(end))]);
        }
      }
    }
    return rows;
  }

  #device(dev: number): BoDevice {
    return this.machine.devices[dev] as BoDevice;
  }

  /** @internal */
  protected named(id: number): Named {
    const named = this.buffers.get(id);
    if (named === undefined || named.buffer.disposed) throw new ImpossibleOperation(`Buffer ${id} is not there`);
    return named;
  }
}
