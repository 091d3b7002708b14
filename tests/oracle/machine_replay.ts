import type { BufferObject, Fence, FenceUsage } from "@ttm/core";
import { type MachineHeader, RecordedMachine, type TracedEvent } from "./machine.ts";
import { expectedState, foundState, type MachineState, type Named } from "./machine_state.ts";
import { evictFirstPinnedOrNot, KernelBulkMove } from "./quirks.ts";
import { type Creation, NAMES, outcomeOf, placementOf } from "./recording.ts";
import type { Compared, Replayer } from "./trace.ts";

/** Any line of a trace with fences, swapping or shared reservations, but the first. */
export interface MachineOperation extends Creation, MachineState {
  readonly op: string;
  readonly dev: number;
  readonly rv: number;
  readonly bulk: 0 | 1;
  readonly are: 0 | 1;
  readonly nw: 0 | 1;
  readonly cd?: 0 | 1;
  readonly held: readonly number[];
  readonly tail: 0 | 1;
  readonly on: 0 | 1;
  readonly mem: number;
  readonly target: number;
  readonly f: number;
  readonly tl: number;
  readonly usage: number;
  readonly v: number | readonly number[];
  readonly ret?: number;
  readonly ev?: readonly TracedEvent[];
  readonly moved?: number;
  readonly ghost?: number;
  readonly done?: readonly number[];
  readonly rets?: readonly (readonly [number, number])[];
}

const USAGES: readonly FenceUsage[] = ["kernel", "write", "read", "bookkeep"];
const PRIORITIES = 4;
const SUBMITTED = 8;

/** Replays the kernel's TTM on busy buffers, with swapping, several devices and shared reservations. */
export class MachineReplayer implements Replayer<MachineOperation> {
  readonly #machine: RecordedMachine;
  readonly #buffers = new Map<number, Named>();
  readonly #bulks: readonly KernelBulkMove[];
  /** Buffers without a place, one for each shared reservation. */
  readonly #roots: readonly BufferObject[];
  #result: { value?: readonly number[]; rets?: [number, number][]; moves?: boolean } = {};

  constructor(header: MachineHeader) {
    this.#machine = new RecordedMachine(header);
    const [device] = this.#machine.devices;
    this.#roots = Array.from({ length: header.nresv }, () => device?.createBuffer({ bytes: 1 }) as BufferObject);
    this.#bulks = this.#roots.map(() => new KernelBulkMove());
  }

  async run(operation: MachineOperation): Promise<Compared> {
    this.#result = {};
    this.#machine.copiesDone = operation.cd === 1;
    const ret = await this.#perform(operation);
    const { ev, moved, ghost, done } = this.#machine.take();
    this.#machine.check();
    for (const row of operation.bos) {
      this.#machine.purged.note(
        row[0] ?? -1,
        row[7] ?? 0,
        operation.op === "validate" && operation.bo === row[0] && operation.pl.length === 0,
      );
    }
    const like = operation;
    const expected = {
      ...(like.ret !== undefined && { ret: like.ret, moved: like.moved, ev: like.ev }),
      ...(like.ghost !== undefined && { ghost: like.ghost }),
      ...(like.done && { done: like.done }),
      ...(like.rets && { rets: like.rets }),
      ...(operation.op === "read" && { v: like.v }),
    };
    const found = {
      ...(like.ret !== undefined && { ret, moved: this.#result.moves === false ? 0 : moved, ev }),
      ...(like.ghost !== undefined && { ghost }),
      ...(like.done && { done }),
      ...(like.rets && { rets: this.#result.rets }),
      ...(operation.op === "read" && { v: this.#result.value }),
    };
    return {
      expected: { ...expected, ...expectedState(operation, this.#machine) },
      found: { ...found, ...foundState(this.#machine, this.#buffers, this.#roots, () => this.#bulkRows(), operation) },
    };
  }

  #perform(operation: MachineOperation): Promise<number> | number {
    const { op, bo, dev, mem, nw, held, target } = operation;
    const memoryType = NAMES[mem] ?? "";
    const device = this.#device(dev ?? 0);
    const noWait = nw === 1;
    switch (op) {
      case "create":
        return this.#create(operation);
      case "validate":
        return this.#holding(held, () => this.#validate(operation));
      case "touch":
        return this.#reserved(bo, () => 0);
      case "pin":
        return this.#reserved(bo, (buffer) => (buffer.pin(), 0), operation.tail !== 0);
      case "unpin":
        return this.#reserved(bo, (buffer) => (buffer.unpin(), 0), operation.tail !== 0);
      case "unref":
        return this.#unref(bo);
      case "evict_first":
        return outcomeOf(() => evictFirstPinnedOrNot(device, memoryType, { noWait }), -2);
      case "evict_all":
        return this.#evictAll(dev, memoryType);
      case "swapout_dev":
        return this.#holding(held, () => pagesOf(() => device.swapOut({ noWait })));
      case "swapout_global":
        return this.#holding(held, () => pagesOf(() => this.#machine.global.swapOut({ noWait })));
      case "swapout":
        return this.#holding(held, () => pagesOf(() => device.swapOut({ memoryType, pages: target, noWait })));
      default:
        return this.#performOnOne(operation);
    }
  }

  #performOnOne(operation: MachineOperation): Promise<number> | number {
    const { op, bo, rv, nw } = operation;
    switch (op) {
      case "addfence":
        return this.#addFence(operation);
      case "signal":
        this.#machine.timelines.signal(this.#fence(operation));
        return 0;
      case "wait":
        return this.#reserved(bo, (buffer) => outcomeOf(() => buffer.wait({ noWait: nw === 1 })));
      case "drain":
        this.#machine.timelines.signalAll();
        this.#machine.flush();
        return 0;
      case "flush":
        this.#machine.flush();
        return 0;
      case "populate":
        return this.#reserved(bo, (buffer) => outcomeOf(() => buffer.populate({ noWait: nw === 1 })));
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
      default:
        throw new Error(`the trace has an operation ${op}`);
    }
  }

  async #create({ bo, dev, pages, align, prio, rv, bulk, are, nw, pl }: MachineOperation): Promise<number> {
    const reservation = this.#roots[rv]?.reservation;
    const buffer = this.#device(dev).createBuffer({
      bytes: pages * 4096,
      alignment: align,
      priority: prio,
      ...(reservation && { reservation }),
    });
    this.#machine.name(buffer, bo);
    this.#buffers.set(bo, { buffer, device: dev, reservation: rv, bulk: -1 });
    buffer.tryReserve();
    const evictSiblings = are === 1 && rv >= 0;
    const ret = await outcomeOf(() => buffer.validate(placementOf(pl), { noWait: nw === 1, evictSiblings }));
    if (ret === 0 && bulk === 1) this.#join(bo, rv);
    if (ret === 0) buffer.unreserve();
    else buffer.unlock();
    if (ret !== 0) buffer.unref();
    return ret;
  }

  async #validate({ bo, pl, nw, are }: MachineOperation): Promise<number> {
    const { reservation } = this.#named(bo);
    const evictSiblings = are === 1 && reservation >= 0;
    return await this.#reserved(
      bo,
      (buffer) => outcomeOf(() => buffer.validate(placementOf(pl), { noWait: nw === 1, evictSiblings })),
    );
  }

  async #unref(bo: number): Promise<number> {
    await this.#reserved(bo, (buffer) => {
      while (buffer.pins > 0) buffer.unpin();
      return 0;
    });
    const named = this.#named(bo);
    if (named.bulk >= 0) await this.#reserved(bo, (buffer) => (buffer.setBulkMove(null), 0), false);
    named.bulk = -1;
    named.buffer.unref();
    return 0;
  }

  async #evictAll(dev: number, memoryType: string): Promise<number> {
    this.#result.moves = false;
    const device = this.#device(dev);
    while (device.lru(memoryType).flat().some((buffer) => buffer.pins > 0)) {
      const ret = await outcomeOf(() => evictFirstPinnedOrNot(device, memoryType), -2);
      if (ret !== 0) return ret === -2 ? 0 : ret;
    }
    return await outcomeOf(() => device.evictAll(memoryType));
  }

  #addFence(operation: MachineOperation): Promise<number> {
    const fence = this.#fence(operation);
    return this.#reserved(operation.bo, (buffer) => {
      buffer.addFence(fence, USAGES[operation.usage] ?? "bookkeep");
      return 0;
    });
  }

  #fence({ f, tl }: MachineOperation): Fence {
    return this.#machine.timelines.get(f, tl);
  }

  /** A page is one word here. */
  #access({ op, bo, v }: MachineOperation): Promise<number> {
    return this.#reserved(bo, async (buffer) => {
      const ret = await outcomeOf(() => buffer.populate());
      const words = buffer.tt?.contents as Uint32Array;
      if (op === "write") words.forEach((_, page) => words[page] = Number(v) + page);
      else this.#result.value = [words[0] ?? NaN, words.at(-1) ?? NaN];
      return ret;
    }, false);
  }

  #setBulk({ bo, on }: MachineOperation): Promise<number> {
    const named = this.#named(bo);
    return this.#reserved(bo, (buffer) => {
      if (on === 1) this.#join(bo, named.reservation);
      else buffer.setBulkMove(null);
      if (on === 0) named.bulk = -1;
      return 0;
    }, false);
  }

  #join(bo: number, bulk: number): void {
    const named = this.#named(bo);
    named.buffer.setBulkMove(this.#bulks[bulk] ?? null);
    named.bulk = bulk;
  }

  async #submit({ rv, are, tail, nw, pl }: MachineOperation): Promise<number> {
    const root = this.#roots[rv];
    root?.tryReserve();
    const members = [...this.#buffers].filter(([, { buffer, reservation }]) => reservation === rv && !buffer.disposed);
    this.#result.rets = [];
    for (const [id, { buffer }] of members.slice(0, SUBMITTED)) {
      const options = { noWait: nw === 1, evictSiblings: are === 1 };
      this.#result.rets.push([id, await outcomeOf(() => buffer.validate(placementOf(pl), options))]);
    }
    if (tail !== 0) this.#bulks[rv]?.moveToTail();
    root?.unlock();
    return 0;
  }

  /** Locks others meanwhile. */
  async #holding(held: readonly number[], act: () => Promise<number>): Promise<number> {
    const others = held.map((id) => this.#named(id).buffer).filter((buffer) => buffer.tryReserve());
    const ret = await act();
    for (const other of others) other.unlock();
    return ret;
  }

  async #reserved(
    bo: number,
    act: (buffer: BufferObject) => Promise<number> | number,
    toTail = true,
  ): Promise<number> {
    const { buffer } = this.#named(bo);
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
          if (ends !== null) rows.push([rv, type, priority, ...ends.map((end) => this.#machine.id(end))]);
        }
      }
    }
    return rows;
  }

  #device(dev: number): RecordedMachine["devices"][number] {
    const device = this.#machine.devices[dev];
    if (device === undefined) throw new Error(`the trace uses device ${dev}, which is not there`);
    return device;
  }

  #named(id: number): Named {
    const named = this.#buffers.get(id);
    if (named === undefined) throw new Error(`the trace uses buffer ${id}, which is not there`);
    return named;
  }
}

/** Pages freed, or the errno. */
async function pagesOf(act: () => Promise<number>): Promise<number> {
  let pages = 0;
  const ret = await outcomeOf(async () => pages = await act());
  return ret === 0 ? pages : ret;
}
