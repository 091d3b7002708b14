import type { AllocEvent, FreeEvent, Workload } from "./workload.ts";

/** What identifies memory in a recording: its address, as the recording writes it. */
export type Address = number | string;

/** Buffers at one address in the order of their allocation; the first `freed` are not live any more. */
interface LiveBuffers {
  readonly ids: number[];
  freed: number;
}

/**
 * Makes a workload of allocations and frees by address. Memory that is freed without an allocation was there before the
 * recording began, so the workload begins with it. Times that go back, as those of several threads do, count as the
 * latest time before.
 */
export class AllocationLog {
  readonly #events: (AllocEvent | FreeEvent)[] = [];
  readonly #before: AllocEvent[] = [];
  readonly #live = new Map<Address, LiveBuffers>();
  readonly #addresses = new Map<number, number>();
  readonly #byteOf: (address: Address) => number;
  #buffers = 0;
  #first: number | undefined;
  #now = -Infinity;

  /** @param byteOf The first byte that an address stands for. */
  constructor(byteOf: (address: Address) => number = Number) {
    this.#byteOf = byteOf;
  }

  /** The addresses of all live buffers, once for each. */
  *addresses(): Generator<Address, void> {
    for (const [address, { ids, freed }] of this.#live) {
      for (let left = ids.length - freed; left > 0; left--) yield address;
    }
  }

  /** Whether a buffer is live at the address. */
  isLive(address: Address): boolean {
    return this.#live.has(address);
  }

  /** A buffer is allocated, at `t` in whole microseconds or steps; `-Infinity` stands for the latest time before. */
  alloc(t: number, address: Address, bytes: number, tag?: string): void {
    const event: AllocEvent = { op: "alloc", t: this.#at(t), id: this.#enter(address), bytes };
    this.#events.push(tag === undefined ? event : { ...event, tag });
  }

  /** A buffer was there before the recording began. */
  allocBefore(address: Address, bytes: number): void {
    this.#before.push({ op: "alloc", t: 0, id: this.#enter(address), bytes });
  }

  /**
   * The buffer that has been live for longest at the address is freed. Allocations of another thread may have been
   * recorded before the free that made room for them. Without a live buffer, one of this size was there before.
   */
  free(t: number, address: Address, bytes: number): void {
    if (!this.#live.has(address)) this.allocBefore(address, bytes);
    const live = this.#live.get(address) as LiveBuffers;
    const id = live.ids[live.freed++] as number;
    if (live.freed === live.ids.length) this.#live.delete(address);
    this.#events.push({ op: "free", t: this.#at(t), id });
  }

  /** The workload so far; times count from the first event. */
  workload(name: string, time: Workload["time"]): Workload {
    return { name, time, events: [...this.#before, ...this.#events], addresses: this.#addresses };
  }

  #at(t: number): number {
    this.#now = Math.max(this.#now, t);
    this.#first ??= this.#now;
    return this.#now - this.#first;
  }

  #enter(address: Address): number {
    const id = ++this.#buffers;
    this.#addresses.set(id, this.#byteOf(address));
    const live = this.#live.get(address);
    if (live === undefined) this.#live.set(address, { ids: [id], freed: 0 });
    else live.ids.push(id);
    return id;
  }
}
