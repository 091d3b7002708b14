import { checkArray, checkBoolean, checkOptions, checkWaitOptions, optionNames, show } from "../base/arguments.ts";
import { BufferObject } from "./buffer_object.ts";
import { TtmError } from "../base/errors.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { isHeldUnder } from "../calls/reserve.ts";
import { AcquireTicket } from "../lock/acquire_ticket.ts";

export const EXEC_OPTIONS: ReadonlySet<string> = optionNames<ExecOptions>({ ignoreDuplicates: true });

/** Options of {@linkcode Exec}. */
export interface ExecOptions {
  /** Whether locking a locked buffer again succeeds, instead of failing with `EALREADY`. @default {false} */
  readonly ignoreDuplicates?: boolean;
}

/** Before the first {@linkcode Exec.cleanup}, in the retry loop, after it, or after {@linkcode Exec.finish}. */
type Phase = "new" | "locking" | "locked" | "finished";

/**
 * Locks buffers one after the other under one acquire ticket (`drm_exec`). When a buffer is held under an older ticket,
 * all locks are released, the contended buffer is locked first, and the retry loop starts over.
 *
 * @example Two buffers
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, Exec } from "@ttm/core";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {} });
 * using a = device.createBuffer({ bytes: 4096 });
 * using b = device.createBuffer({ bytes: 4096 });
 * {
 *   using exec = new Exec();
 *   await exec.run(async () => {
 *     await exec.lock(a);
 *     await exec.lock(b);
 *   });
 *   assertEquals([exec.buffers, a.reserved], [[a, b], true]);
 * }
 * assertEquals(a.reserved, false);
 * ```
 */
export class Exec implements Disposable {
  /** The acquire ticket of all locks. Its age counts from the first iteration of the loop and stays the same. */
  readonly ticket: AcquireTicket = new AcquireTicket();
  #ignoreDuplicates: boolean;
  #phase: Phase = "new";
  #buffers: Set<BufferObject> = new Set();
  #contended: BufferObject | null = null;
  #prelocked: BufferObject | null = null;

  /**
   * Creates a new acquire ticket; locks nothing.
   *
   * @throws {TtmError} `EINVAL` if an option has the wrong type.
   */
  constructor(options: ExecOptions = {}) {
    const what = "create exec";
    checkOptions(what, options, EXEC_OPTIONS);
    const { ignoreDuplicates = false } = options;
    checkBoolean(what, "ignoreDuplicates", ignoreDuplicates);
    this.#ignoreDuplicates = ignoreDuplicates;
  }

  /** The locked buffers, in the order of locking. */
  get buffers(): BufferObject[] {
    return [...this.#buffers];
  }

  /** The buffer whose lock is held under an older ticket; it is locked first in the next iteration. */
  get contended(): BufferObject | null {
    return this.#contended;
  }

  /** The contended buffer that was locked first and that {@linkcode lock} has not been called for yet; not in `buffers`. */
  get prelocked(): BufferObject | null {
    return this.#prelocked;
  }

  /**
   * Begins an iteration of the retry loop: `while (exec.cleanup()) { … }`. After contention it releases all locks.
   *
   * @returns false if the last iteration had no contention: the buffers that it locked stay locked until
   * {@linkcode finish}.
   * @throws {TtmError} `EINVAL` if it has returned false before, or after {@linkcode finish}.
   */
  cleanup(): boolean {
    if (this.#phase === "new") {
      this.#phase = "locking";
      this.ticket.renew();
      return true;
    }
    this.#mustBeLocking("go on with");
    if (this.#contended === null) {
      this.#phase = "locked";
      this.#dropPrelocked();
      return false;
    }
    this.#unlockAll();
    return true;
  }

  /**
   * Locks one more buffer, waiting for its reservation if necessary.
   *
   * @throws {TtmError} `EDEADLK` if an older ticket holds it or waits for it: end this iteration of the loop at once;
   * `EALREADY` if it is locked already; `EINVAL` outside the loop, or if `buffer` is not a buffer object or is
   * released; `EBUSY` with `noWait` if it would have to wait. An aborted signal rejects with its reason if the lock is
   * not free.
   */
  async lock(buffer: BufferObject, options: WaitOptions = {}): Promise<void> {
    this.#mustBeLocking("lock with");
    checkWaitOptions("lock with exec", options);
    if (!(buffer instanceof BufferObject)) {
      throw new TtmError("EINVAL", `Cannot lock with exec: ${show(buffer)} is not a buffer`);
    }
    if (this.#contended !== null) await this.#lockContended(this.#contended, options);
    if (this.#prelocked === buffer) {
      this.#adoptPrelocked(buffer);
      return;
    }
    try {
      await this.#take(buffer, options);
    } catch (error) {
      const code = error instanceof TtmError ? error.code : null;
      if (code === "EDEADLK") this.#contended = buffer;
      if (code !== "EALREADY" || !this.#ignoreDuplicates) throw error;
      // It was asked for by way of another buffer of its reservation.
      if (this.#prelocked?.reservation === buffer.reservation) this.#adoptPrelocked(this.#prelocked);
      return;
    }
    this.#add(buffer);
  }

  /**
   * Locks several buffers, one after the other.
   *
   * @throws {TtmError} As {@linkcode lock}; the buffers before the one that failed stay locked.
   */
  async lockAll(buffers: readonly BufferObject[], options: WaitOptions = {}): Promise<void> {
    checkArray("lock with exec", "the buffers", buffers);
    for (const buffer of buffers) await this.lock(buffer, options);
  }

  /**
   * Unlocks one buffer; the others stay locked.
   *
   * @throws {TtmError} `EINVAL` if it is not locked by this `Exec`.
   */
  unlock(buffer: BufferObject): void {
    if (!this.#buffers.has(buffer) || !isHeldUnder(buffer, this.ticket)) {
      throw new TtmError("EINVAL", `Cannot unlock with exec: ${show(buffer)} is not locked by it`);
    }
    this.#buffers.delete(buffer);
    buffer.unlock();
  }

  /**
   * Runs the retry loop: calls `turn`, which locks buffers by {@linkcode lock}, until it has no contention.
   *
   * @returns The result of the last call of `turn`.
   * @throws Errors of `turn`, except for contention; buffers may then stay locked until {@linkcode finish}.
   */
  async run<Result>(turn: () => Promise<Result>): Promise<Result> {
    let result: Result | undefined;
    while (this.cleanup()) {
      try {
        result = await turn();
      } catch (error) {
        if (this.#contended === null) throw error;
      }
    }
    return result as Result;
  }

  /** Releases all locks, the newest first, without changing the LRU order. A second call does nothing. */
  finish(): void {
    this.#unlockAll();
    this.#phase = "finished";
  }

  /** Releases all locks, as {@linkcode finish}. */
  [Symbol.dispose](): void {
    this.finish();
  }

  async #lockContended(buffer: BufferObject, options: WaitOptions): Promise<void> {
    this.#contended = null;
    await this.#take(buffer, options);
    // A second contention may come before the first buffer has been asked for.
    this.#dropPrelocked();
    this.#prelocked = buffer;
  }

  #adoptPrelocked(buffer: BufferObject): void {
    this.#prelocked = null;
    this.#add(buffer);
  }

  #dropPrelocked(): void {
    const prelocked = this.#prelocked;
    this.#prelocked = null;
    if (prelocked !== null && isHeldUnder(prelocked, this.ticket)) prelocked.unlock();
  }

  #add(buffer: BufferObject): void {
    this.#buffers.add(buffer);
    buffer.reservation.reserveFence();
  }

  async #take(buffer: BufferObject, options: WaitOptions): Promise<void> {
    const { locked, holder } = buffer.reservation;
    if (locked && holder !== this.ticket) options.signal?.throwIfAborted();
    if (!buffer.tryReserve(this.ticket)) await buffer.reserve({ ...options, ticket: this.ticket });
  }

  #unlockAll(): void {
    for (const buffer of this.buffers.reverse()) if (isHeldUnder(buffer, this.ticket)) buffer.unlock();
    this.#buffers.clear();
    this.#dropPrelocked();
  }

  #mustBeLocking(what: string): void {
    if (this.#phase === "locking") return;
    const why = this.#phase === "new" ? "its loop has not begun" : `it is ${this.#phase}`;
    throw new TtmError("EINVAL", `Cannot ${what} exec: ${why}`);
  }
}
