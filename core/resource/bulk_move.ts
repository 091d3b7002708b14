import type { BufferView } from "../contract/buffer_view.ts";
import { TtmError } from "../base/errors.ts";
import type { Lru } from "./lru.ts";
import type { ResourceTable } from "./resource_table.ts";

/** The LRU that the members are listed in. */
interface Order {
  readonly lru: Lru;
  readonly resources: ResourceTable<BufferView>;
}

/** The members of a bulk move on one LRU list: a contiguous stretch, by the rows of its first and last member. */
interface Stretch {
  first: number;
  last: number;
}

/**
 * Buffers that stay together on the LRU lists and are moved to the tail in one step (`ttm_lru_bulk_move`), for example
 * those of one address space, which every submission uses. The members share a reservation. On the list of each memory
 * type and priority they are contiguous.
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
  #order: Order | null = null;

  /** Moves all members to the tails of their LRU lists, in one step per list; their relative order is kept. */
  moveToTail(): void {
    for (const [list, { first, last }] of this.#stretches) this.#order?.lru.moveStretchToTail(first, last, list);
  }

  /** @internal Binds the bulk move to the device of its first member. */
  attach(lru: Lru, resources: ResourceTable<BufferView>): void {
    if (this.#order !== null && this.#order.lru !== lru) {
      throw new TtmError("EINVAL", "Cannot set bulk move: it has members in another device");
    }
    this.#order = { lru, resources };
  }

  /** The first and the last member on the LRU list of a memory type and priority; null without members there. */
  ends(memoryType: string, priority = 0): readonly [BufferView, BufferView] | null {
    if (this.#order === null) return null;
    const { lru, resources } = this.#order;
    const stretch = this.#stretches.get(lru.headOf(memoryType, priority));
    if (stretch === undefined) return null;
    return [resources.buffer(stretch.first) as BufferView, resources.buffer(stretch.last) as BufferView];
  }

  /** @internal Adds a listed resource, as the last member of its stretch. */
  join(row: number): void {
    const { list } = this.#at(row);
    if (this.#stretches.has(list)) this.touch(row);
    else this.#stretches.set(list, { first: row, last: row });
  }

  /** @internal As {@linkcode join}, for a resource that is on another list; `append` puts it on its LRU list. */
  joinRelisted(row: number, append: () => void): void {
    append();
    this.join(row);
  }

  /** @internal Moves a member to the end of its stretch. */
  touch(row: number): void {
    const { lru, stretch } = this.#at(row);
    if (stretch === undefined || stretch.last === row) return;
    if (stretch.first === row) stretch.first = lru.after(row);
    lru.moveBehind(row, stretch.last);
    stretch.last = row;
  }

  /** @internal Removes a member; it stays on the LRU list, outside the stretch. */
  leave(row: number): void {
    const { lru, list, stretch } = this.#at(row);
    if (stretch === undefined) return;
    if (stretch.first === row && stretch.last === row) this.#stretches.delete(list);
    else if (stretch.first === row) stretch.first = lru.after(row);
    else if (stretch.last === row) stretch.last = lru.before(row);
    else lru.moveBehind(row, stretch.last);
  }

  /** The LRU list of a resource, and the stretch of the bulk move on it. */
  #at(row: number): { readonly lru: Lru; readonly list: number; readonly stretch: Stretch | undefined } {
    const { lru, resources } = this.#order as Order;
    const list = lru.headOf(resources.place(row).type.name, (resources.buffer(row) as BufferView).priority);
    return { lru, list, stretch: this.#stretches.get(list) };
  }
}
