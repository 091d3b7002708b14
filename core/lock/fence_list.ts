import type { Fence } from "./fence.ts";

/**
 * What a fence guards: `kernel` memory moves (everybody waits for them), `write` and `read` submitted work,
 * `bookkeep` anything else that must end before the memory is given away. Waiting for one means waiting for those
 * before it too. (The exclusive fence of old is `write`, a shared one is `read`.)
 */
export type FenceUsage = "kernel" | "write" | "read" | "bookkeep";

const order: readonly FenceUsage[] = ["kernel", "write", "read", "bookkeep"];

/** Whether a value names a usage. */
export function isFenceUsage(value: unknown): value is FenceUsage {
  return (order as readonly unknown[]).includes(value);
}

/** A fence with what it guards. */
export interface GuardedFence {
  /** The fence. */
  readonly fence: Fence;
  /** What it guards. */
  readonly usage: FenceUsage;
}

interface Slot {
  fence: Fence;
  usage: number;
}

// Most buffers never have work: they share this one.
const NO_SLOTS: Slot[] = [];

/** The kernel allocates the list from power-of-two pools (and two in between): how many slots a wish comes to. */
const POOLS = [8, 16, 32, 64, 96, 128, 192, 256];
const HEAD_BYTES = 24;
const SLOT_BYTES = 8;
const FIRST_SLOTS = 4;

function slotsFor(wanted: number): number {
  const bytes = HEAD_BYTES + wanted * SLOT_BYTES;
  const pool = POOLS.find((size) => size >= bytes) ?? 2 ** Math.ceil(Math.log2(bytes));
  return (pool - HEAD_BYTES) / SLOT_BYTES;
}

/**
 * The fences of a reservation (`dma_resv`), at most one pending fence a timeline and usage. Which slot a fence takes
 * decides the order of waiting, and follows the kernel's growth of the list.
 */
export class FenceList {
  #slots: Slot[] = NO_SLOTS;
  #capacity = 0;

  /** @internal Makes room for so many more fences; signalled ones leave when the list has to grow. */
  reserve(count: number): void {
    if (this.#slots.length + count <= this.#capacity) return;
    const wish = Math.max(this.#slots.length + count, this.#capacity === 0 ? FIRST_SLOTS : 2 * this.#capacity);
    this.#capacity = slotsFor(wish);
    if (this.#slots.length > 0) this.#slots = this.#slots.filter(({ fence }) => !fence.signalled);
  }

  /**
   * Adds a fence. It takes the first slot that is of a signalled fence, or of an earlier one of its timeline whose
   * usage it covers.
   */
  add(fence: Fence, usage: FenceUsage): void {
    const rank = order.indexOf(usage);
    for (const slot of this.#slots) {
      const covered = slot.fence.context === fence.context && slot.usage >= rank && slot.fence.seqno <= fence.seqno;
      if (!covered && !slot.fence.signalled) continue;
      slot.fence = fence;
      slot.usage = rank;
      return;
    }
    if (this.#slots === NO_SLOTS) this.#slots = [];
    this.#slots.push({ fence, usage: rank });
  }

  /** @internal Makes it a copy of the pending fences of another list, slot by slot: none stands for an earlier one. */
  copyFrom(other: FenceList): void {
    this.reserve(other.#slots.length);
    this.#slots = other.#slots.filter(({ fence }) => !fence.signalled).map((slot) => ({ ...slot }));
  }

  /** The first pending fence of this usage or one before it; null if there is none. */
  pending(usage: FenceUsage = "bookkeep"): Fence | null {
    if (this.#slots.length === 0) return null;
    const rank = order.indexOf(usage);
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
