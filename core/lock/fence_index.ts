import type { Fence, FenceContext } from "./fence.ts";
import { SlotSet } from "./slot_set.ts";

/** A slot of a list of fences. */
export interface Slot {
  fence: Fence;
  usage: number;
}

/** Finds slots of a long list of fences without a look at each. */
export class FenceIndex {
  #slots: readonly Slot[];
  /** The slots with pending fences of each usage. */
  #pending: readonly SlotSet[] = [new SlotSet(), new SlotSet(), new SlotSet(), new SlotSet()];
  #signalled: SlotSet = new SlotSet();
  /** The slots with pending fences of each timeline, one for each usage at most. */
  #ofContext: Map<FenceContext, readonly number[]> = new Map();

  constructor(slots: readonly Slot[]) {
    this.#slots = slots;
    for (const at of slots.keys()) this.enter(at);
  }

  /** The first slot whose fence is pending and of this usage or one before it; -1 if there is none. */
  firstPending(rank: number): number {
    let first = Infinity;
    for (let usage = 0; usage <= rank; usage++) first = Math.min(first, (this.#pending[usage] as SlotSet).first);
    return first === Infinity ? -1 : first;
  }

  /** The first slot that a fence may take; -1 if there is none. */
  firstFor(fence: Fence, rank: number): number {
    let first = this.#signalled.first;
    for (const at of this.#ofContext.get(fence.context) ?? []) {
      const slot = this.#slots[at] as Slot;
      if (slot.usage >= rank && slot.fence.seqno <= fence.seqno) first = Math.min(first, at);
    }
    return first === Infinity ? -1 : first;
  }

  /** Takes note of what a slot has. */
  enter(at: number): void {
    const { fence, usage } = this.#slots[at] as Slot;
    if (fence.signalled) return this.#signalled.add(at);
    this.#pending[usage]?.add(at);
    this.#ofContext.set(fence.context, [...this.#ofContext.get(fence.context) ?? [], at]);
    fence.watch(() => this.#noteSignalled(at, fence));
  }

  /** To be called before a slot gets another fence. */
  leave(at: number): void {
    const { fence, usage } = this.#slots[at] as Slot;
    this.#signalled.delete(at);
    this.#pending[usage]?.delete(at);
    const others = this.#ofContext.get(fence.context)?.filter((other) => other !== at) ?? [];
    if (others.length > 0) this.#ofContext.set(fence.context, others);
    else this.#ofContext.delete(fence.context);
  }

  /** It may have left the slot since. */
  #noteSignalled(at: number, fence: Fence): void {
    if (this.#slots[at]?.fence !== fence) return;
    this.leave(at);
    this.#signalled.add(at);
  }
}
