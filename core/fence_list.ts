import type { Fence } from "./fence.ts";

/**
 * What a fence guards: `kernel` memory moves (everybody waits for them), `write` and `read` submitted work,
 * `bookkeep` anything else that must end before the memory is given away. Waiting for one means waiting for those
 * before it too.
 */
export type FenceUsage = "kernel" | "write" | "read" | "bookkeep";

const order: readonly FenceUsage[] = ["kernel", "write", "read", "bookkeep"];

/** Whether a value names a usage. */
export function isFenceUsage(value: unknown): value is FenceUsage {
  return (order as readonly unknown[]).includes(value);
}

interface Slot {
  fence: Fence;
  usage: number;
}

/** The fences of a reservation (`dma_resv`), at most one pending fence a timeline and usage. */
export class FenceList {
  #slots: Slot[] = [];

  /**
   * Adds a fence. It takes the slot of a signalled fence, or of an earlier one of its timeline whose usage it covers.
   */
  add(fence: Fence, usage: FenceUsage): void {
    const rank = order.indexOf(usage);
    const covers = (slot: Slot) =>
      slot.fence.context === fence.context && slot.fence.seqno <= fence.seqno && slot.usage >= rank;
    const slot = this.#slots.find(covers) ?? this.#slots.find((slot) => slot.fence.signalled);
    if (slot === undefined) this.#slots.push({ fence, usage: rank });
    else Object.assign(slot, { fence, usage: rank });
  }

  /** The first pending fence of this usage or one before it; null if there is none. */
  pending(usage: FenceUsage = "bookkeep"): Fence | null {
    const rank = order.indexOf(usage);
    for (const slot of this.#slots) if (slot.usage <= rank && !slot.fence.signalled) return slot.fence;
    return null;
  }

  /** All pending fences of this usage and those before it. */
  allPending(usage: FenceUsage = "bookkeep"): Fence[] {
    const rank = order.indexOf(usage);
    const fences: Fence[] = [];
    for (const slot of this.#slots) if (slot.usage <= rank && !slot.fence.signalled) fences.push(slot.fence);
    return fences;
  }
}
