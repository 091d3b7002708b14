import { type BufferView, type EvictionCursor, type EvictionPolicy, PRIORITIES, type RemovalReason } from "@ttm/core";
import { Entries } from "./entries.ts";
import type { Pool } from "./pool.ts";
import { Reached } from "./reached.ts";

/** A policy that has a pool for each memory type and priority. */
export class PoolPolicy implements EvictionPolicy {
  readonly name: string;
  readonly #entries: Entries = new Entries();
  readonly #makePool: (entries: Entries) => Pool;
  // There are few memory types, and comparing names is faster than hashing one.
  readonly #memoryTypes: string[] = [];
  /** The pools of each memory type, by priority; those that never had an entry are missing. */
  readonly #pools: (Pool | undefined)[][] = [];
  readonly #poolOf: Pool[] = [];
  /** Whether the use that an entry came for is still to be reported. */
  readonly #isNew: boolean[] = [];
  readonly #walk: Walk = new Walk(this.#entries);

  /** `makePool` makes an empty pool. */
  constructor(name: string, makePool: (entries: Entries) => Pool) {
    this.name = name;
    this.#makePool = makePool;
  }

  insert(entry: number, buffer: BufferView, memoryType: string): void {
    this.#entries.admit(entry, buffer);
    const pool = this.#poolsOf(memoryType)[buffer.priority] ??= this.#newPool(memoryType);
    this.#poolOf[entry] = pool;
    this.#isNew[entry] = true;
    pool.count++;
    pool.pages += buffer.pages;
    pool.insert(entry, buffer);
  }

  touch(entry: number): void {
    if (this.#isNew[entry]) {
      this.#isNew[entry] = false;
      return;
    }
    const pool = this.#poolOf[entry] as Pool;
    // Otherwise its buffer has left, and a copy out of it is pending.
    if (this.#entries.buffers[entry]?.memoryType === pool.memoryType) pool.use(entry);
  }

  remove(entry: number, why: RemovalReason): void {
    const pool = this.#poolOf[entry] as Pool;
    pool.count--;
    pool.pages -= this.#entries.pages[entry] as number;
    pool.remove(entry, why);
  }

  candidates(memoryType: string, newcomer?: BufferView): EvictionCursor {
    const pools = this.#poolsOf(memoryType);
    if (this.#entries.openWalks === 0) { for (const pool of pools) pool?.begin(); }
    // Few walks nest: the others share one object.
    const walk = this.#walk.isOpen ? new Walk(this.#entries) : this.#walk;
    return walk.open(pools, newcomer);
  }

  order(memoryType: string): Iterable<number> {
    return this.#poolsOf(memoryType).flatMap((pool) => pool === undefined ? [] : this.#orderOf(pool));
  }

  /** The pool that an entry is in. */
  protected poolOf(entry: number): Pool {
    return this.#poolOf[entry] as Pool;
  }

  /** Walks over a copy of the pool, since a walk may change it. */
  #orderOf(pool: Pool): number[] {
    const entries = new Entries();
    const copy = this.#makePool(entries);
    for (const [at, queue] of pool.queues.entries()) {
      for (const entry of queue) {
        entries.admitAs(entry, this.#entries);
        copy.queues[at]?.push(entry);
      }
    }
    copy.resemble(pool);
    if (this.#entries.openWalks === 0) copy.begin();
    const walk = new Walk(entries).open([copy], undefined);
    const order: number[] = [];
    for (let entry = walk.next(); entry >= 0; entry = walk.next()) order.push(entry);
    return order;
  }

  #newPool(memoryType: string): Pool {
    const pool = this.#makePool(this.#entries);
    pool.memoryType = memoryType;
    return pool;
  }

  #poolsOf(memoryType: string): (Pool | undefined)[] {
    const at = this.#memoryTypes.indexOf(memoryType);
    if (at >= 0) return this.#pools[at] as (Pool | undefined)[];
    this.#memoryTypes.push(memoryType);
    const made = Array.from({ length: PRIORITIES }, () => undefined);
    this.#pools.push(made);
    return made;
  }
}

/** A walk over the pools of a memory type, the lowest priority first. */
class Walk implements EvictionCursor {
  readonly #entries: Entries;
  readonly #reached: Reached;
  #pools: readonly (Pool | undefined)[] = [];
  #newcomer: BufferView | undefined;
  #priority = 0;
  isOpen = false;

  constructor(entries: Entries) {
    this.#entries = entries;
    this.#reached = new Reached(entries);
  }

  open(pools: readonly (Pool | undefined)[], newcomer: BufferView | undefined): this {
    this.#pools = pools;
    this.#newcomer = newcomer;
    this.#priority = 0;
    this.isOpen = true;
    this.#entries.openWalks++;
    return this;
  }

  next(): number {
    this.#reached.settle();
    for (; this.#priority < this.#pools.length; this.#priority++) {
      const entry = this.#pools[this.#priority]?.victim(this.#reached, this.#newcomer) ?? -1;
      if (entry < 0) continue;
      this.#reached.pass(entry);
      return entry;
    }
    return -1;
  }

  close(): void {
    this.#reached.close();
    this.isOpen = false;
    this.#entries.openWalks--;
  }
}
