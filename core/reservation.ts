import { type BufferTable, LOCKED, UNLOCKED } from "./buffer_table.ts";
import { FenceList } from "./fence_list.ts";

/** The lock of a buffer and the fences of its work (`dma_resv`). Unlocking hands the lock to the first who waits. */
export class Reservation {
  /** The work that has been submitted on the buffer. */
  readonly fences: FenceList = new FenceList();
  #table: BufferTable;
  #row: number;
  #waiters: (() => void)[] | null = null;

  /** @internal */
  constructor(table: BufferTable, row: number) {
    this.#table = table;
    this.#row = row;
  }

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.#table.owner(this.#row) !== UNLOCKED;
  }

  /** @internal Takes the lock if it is free. */
  tryLock(): boolean {
    if (this.locked) return false;
    this.#table.setOwner(this.#row, LOCKED);
    return true;
  }

  /** @internal Gives the lock to the first waiter, who then holds it without having to try again, or frees it. */
  unlock(): void {
    const granted = this.#waiters?.shift();
    if (granted === undefined) this.#table.setOwner(this.#row, UNLOCKED);
    else granted();
  }

  /**
   * @internal Queues for a lock that is held; `granted` is called when it is this waiter's.
   *
   * @returns A function that leaves the queue.
   */
  enqueue(granted: () => void): () => void {
    this.#waiters ??= [];
    const waiters = this.#waiters;
    waiters.push(granted);
    return () => {
      const at = waiters.indexOf(granted);
      if (at >= 0) waiters.splice(at, 1);
    };
  }

  /** How many wait for the lock. */
  get waiting(): number {
    return this.#waiters?.length ?? 0;
  }
}
