import { TtmError } from "./errors.ts";
import type { BufferObject } from "./buffer_object.ts";
import type { Lru } from "./lru.ts";

/** The members of a bulk in one list of the order of eviction: a stretch of it, by the rows of its ends. */
interface Stretch {
  first: number;
  last: number;
}

/**
 * Buffers that keep together in the order of eviction and become the last to be evicted in one step
 * (`ttm_lru_bulk_move`): those of one client's address space, say, which are used by each of its submissions. The
 * members share a reservation. In each memory type and priority they stand in one stretch.
 *
 * @example Two buffers that stay together
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, BulkMove } from "@ttm/core";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using a = device.createBuffer({ bytes: 4096 });
 * using b = device.createBuffer({ bytes: 4096, reservation: a.reservation });
 * using other = device.createBuffer({ bytes: 4096 });
 * const bulk = new BulkMove();
 * for (const buffer of [a, b, other]) {
 *   buffer.tryReserve();
 *   if (buffer !== other) buffer.setBulkMove(bulk);
 *   buffer.tryValidate({ placement: [{ memoryType: "system" }] });
 *   buffer.unreserve();
 * }
 * assertEquals(device.lru("system")[0], [a, b, other]);
 * bulk.moveToTail();
 * assertEquals(device.lru("system")[0], [other, a, b]);
 * ```
 */
export class BulkMove {
  #stretches: Map<number, Stretch> = new Map();
  #lru: Lru | null = null;

  /** Makes all members the last to be evicted, in each list in one step; their order among themselves stays. */
  moveToTail(): void {
    for (const [list, { first, last }] of this.#stretches) this.#lru?.moveStretchToTail(first, last, list);
  }

  /** @internal Binds it to the device of its first member. */
  attach(lru: Lru): void {
    if (this.#lru !== null && this.#lru !== lru) {
      throw new TtmError("EINVAL", "Cannot set bulk move: it has members of another device");
    }
    this.#lru = lru;
  }

  /**
   * The first and the last member in a list of the order of eviction, by the number of the memory type times the number
   * of priorities plus the priority; null without members there.
   */
  ends(list: number): readonly [BufferObject, BufferObject] | null {
    const stretch = this.#stretches.get(list);
    if (stretch === undefined || this.#lru === null) return null;
    return [this.#lru.buffer(stretch.first), this.#lru.buffer(stretch.last)];
  }

  /** @internal A listed resource becomes a member: the last one of its stretch. */
  join(lru: Lru, row: number): void {
    const list = lru.listOf(row);
    if (this.#stretches.has(list)) this.touch(lru, row);
    else this.#stretches.set(list, { first: row, last: row });
  }

  /** @internal As {@linkcode join}, for one that stands among the pinned. */
  joinUnpinned(lru: Lru, row: number): void {
    if (!this.#stretches.has(lru.listOf(row))) lru.append(row);
    this.join(lru, row);
  }

  /** @internal Moves a member behind the last one. */
  touch(lru: Lru, row: number): void {
    const stretch = this.#stretches.get(lru.listOf(row));
    if (stretch === undefined || stretch.last === row) return;
    if (stretch.first === row) stretch.first = lru.after(row);
    lru.moveBehind(row, stretch.last);
    stretch.last = row;
  }

  /** @internal A member leaves the bulk; it stays listed, outside the stretch. */
  leave(lru: Lru, row: number): void {
    const list = lru.listOf(row);
    const stretch = this.#stretches.get(list);
    if (stretch === undefined) return;
    if (stretch.first === row && stretch.last === row) this.#stretches.delete(list);
    else if (stretch.first === row) stretch.first = lru.after(row);
    else if (stretch.last === row) stretch.last = lru.before(row);
    else lru.moveBehind(row, stretch.last);
  }
}
