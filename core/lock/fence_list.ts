import type { Fence } from "./fence.ts";
import { FenceIndex, type Slot } from "./fence_index.ts";

/**
 * What the work of a fence is (`dma_resv_usage`): `kernel` is memory management, such as a move, for which every access
 * waits; `write` and `read` are submitted work; `bookkeep` is any other work that must end before the memory is freed.
 * A wait for a usage includes those before it in this order. (The former exclusive fence is `write`, a shared fence is
 * `read`.)
 */
export type FenceUsage = "kernel" | "write" | "read" | "bookkeep";

const order: readonly FenceUsage[] = ["kernel", "write", "read", "bookkeep"];

/** Whether a value names a usage. */
export function isFenceUsage(value: unknown): value is FenceUsage {
  return (order as readonly unknown[]).includes(value);
}

/** A fence and its usage. */
export interface GuardedFence {
  /** The fence. */
  readonly fence: Fence;
  /** The usage of the fence. */
  readonly usage: FenceUsage;
}

// Shared by all lists without fences, since most buffers never get one.
const NO_SLOTS: Slot[] = [];

/** Sizes in bytes in which the kernel allocates the list (powers of two, 96 and 192); they determine its capacity. */
const POOLS = [8, 16, 32, 64, 96, 128, 192, 256];
const HEAD_BYTES = 24;
const SLOT_BYTES = 8;
const FIRST_SLOTS = 4;

/** A list with more slots has an index. */
const SHORT = 32;

function slotsFor(wanted: number): number {
  const bytes = HEAD_BYTES + wanted * SLOT_BYTES;
  const pool = POOLS.find((size) => size >= bytes) ?? 2 ** Math.ceil(Math.log2(bytes));
  return (pool - HEAD_BYTES) / SLOT_BYTES;
}

/**
 * The fences of a reservation (`dma_resv`), at most one pending fence per timeline and usage. The slot that a fence
 * takes determines the order of waiting; the list grows as in the kernel.
 */
export class FenceList {
  /** @internal How many fences of work that writes have been added so far. */
  writes = 0;
  #slots: Slot[] = NO_SLOTS;
  #capacity = 0;
  /** Null while the list is short. */
  #index: FenceIndex | null = null;

  /** @internal The slots that all searches have looked at. */
  static steps = 0;

  /** @internal Reserves slots for `count` more fences; when the list has to grow, it drops the signalled ones. */
  reserve(count: number): void {
    if (this.#slots.length + count <= this.#capacity) return;
    const wish = Math.max(this.#slots.length + count, this.#capacity === 0 ? FIRST_SLOTS : 2 * this.#capacity);
    this.#capacity = slotsFor(wish);
    if (this.#slots.length > 0) this.#setSlots(this.#slots.filter(({ fence }) => !fence.signalled));
  }

  #setSlots(slots: Slot[]): void {
    this.#slots = slots;
    this.#index = slots.length > SHORT ? new FenceIndex(slots) : null;
  }

  /**
   * Adds a fence. It replaces the first fence that has signalled, or that is an earlier one of its timeline with the
   * same or a later usage; if there is none, it takes a new slot.
   */
  add(fence: Fence, usage: FenceUsage): void {
    const rank = order.indexOf(usage);
    if (usage === "write") this.writes++;
    // Lists are made when they get their first fence, later than slots are reserved for it.
    if (this.#capacity === 0) this.reserve(1);
    const at = this.#index === null ? this.#firstFor(fence, rank) : this.#index.firstFor(fence, rank);
    if (at >= 0) this.#replace(at, fence, rank);
    else this.#append({ fence, usage: rank });
  }

  #firstFor(fence: Fence, rank: number): number {
    FenceList.steps += this.#slots.length;
    return this.#slots.findIndex((slot) => {
      const covered = slot.fence.context === fence.context && slot.usage >= rank && slot.fence.seqno <= fence.seqno;
      return covered || slot.fence.signalled;
    });
  }

  #replace(at: number, fence: Fence, usage: number): void {
    const slot = this.#slots[at] as Slot;
    if (slot.fence === fence && slot.usage === usage) return;
    this.#index?.leave(at);
    slot.fence = fence;
    slot.usage = usage;
    this.#index?.enter(at);
  }

  #append(slot: Slot): void {
    if (this.#slots === NO_SLOTS) this.#slots = [];
    this.#slots.push(slot);
    if (this.#index !== null) this.#index.enter(this.#slots.length - 1);
    else if (this.#slots.length > SHORT) this.#index = new FenceIndex(this.#slots);
  }

  /** @internal Makes it a copy of the pending fences of another list, slot by slot; no fence replaces an earlier one. */
  copyFrom(other: FenceList): void {
    this.reserve(other.#slots.length);
    this.#setSlots(other.#slots.filter(({ fence }) => !fence.signalled).map((slot) => ({ ...slot })));
  }

  /** The first pending fence of this usage or of one before it; null if there is none. */
  pending(usage: FenceUsage = "bookkeep"): Fence | null {
    if (this.#slots.length === 0) return null;
    const rank = order.indexOf(usage);
    if (this.#index !== null) return this.#slots[this.#index.firstPending(rank)]?.fence ?? null;
    FenceList.steps += this.#slots.length;
    for (const slot of this.#slots) if (slot.usage <= rank && !slot.fence.signalled) return slot.fence;
    return null;
  }

  /** All pending fences of this usage and those before it, in the order in which they are waited for. */
  allPending(usage: FenceUsage = "bookkeep"): Fence[] {
    return this.list(usage).map(({ fence }) => fence);
  }

  /** The pending fences of this usage and those before it, with their usages. */
  list(usage: FenceUsage = "bookkeep"): GuardedFence[] {
    const rank = order.indexOf(usage);
    return this.#slots.filter((slot) => slot.usage <= rank && !slot.fence.signalled)
      .map((slot) => ({ fence: slot.fence, usage: order[slot.usage] ?? "bookkeep" }));
  }
}
