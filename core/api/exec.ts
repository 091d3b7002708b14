import { checkArray, checkBoolean, checkOptions, checkWaitOptions, optionNames, show } from "../base/arguments.ts";
import { BufferObject } from "./buffer_object.ts";
import { TtmError } from "../base/errors.ts";
import type { WaitOptions } from "../contract/call_options.ts";
import { AcquireTicket } from "../lock/acquire_ticket.ts";

export const EXEC_OPTIONS: ReadonlySet<string> = optionNames<ExecOptions>({ ignoreDuplicates: true });

/** How to lock. */
export interface ExecOptions {
  /** A buffer that is locked again is fine, instead of `EALREADY`. @default {false} */
  readonly ignoreDuplicates?: boolean;
}

/** Before the first {@linkcode Exec.cleanup}, in the loop, after it, or given up. */
type Phase = "new" | "locking" | "locked" | "finished";

/**
 * Locks buffers that become known one after the other (`drm_exec`): when one is held by an older party, all are given
 * up, that one is locked first, and the loop starts over.
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
  /** Its age, from the first turn of the loop on, decides who gives way; it stays the same over all turns. */
  readonly ticket: AcquireTicket = new AcquireTicket();
  #ignoreDuplicates: boolean;
  #phase: Phase = "new";
  #buffers: BufferObject[] = [];
  #contended: BufferObject | null = null;
  #prelocked: BufferObject | null = null;

  /**
   * Locks nothing yet.
   *
   * @throws {TtmError} `EINVAL` if an option is not of its type.
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

  /** The buffer that made this one give way; it is locked first in the next turn. */
  get contended(): BufferObject | null {
    return this.#contended;
  }

  /** The buffer that was locked first for that reason and has not been asked for since; it is not among `buffers` yet. */
  get prelocked(): BufferObject | null {
    return this.#prelocked;
  }

  /**
   * Begins a turn of the loop: `while (exec.cleanup()) { … }`. After contention all locks are given up.
   *
   * @returns false when the last turn met no contention: what it asked for stays locked, and only {@linkcode finish} may
   * follow.
   * @throws {TtmError} `EINVAL` after that.
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
   * Locks one more buffer, waiting for it if need be.
   *
   * @throws {TtmError} `EDEADLK` if an older party holds it: leave the turn of the loop at once; `EALREADY` if it is locked
   * already; `EINVAL` outside the loop, or if it is no buffer or released; `EBUSY` with `noWait` if it would have to wait.
   * An aborted signal rejects with its reason where the lock is not to be had at once.
   */
  async lock(buffer: BufferObject, options: WaitOptions = {}): Promise<void> {
    this.#mustBeLocking("lock with");
    checkWaitOptions("lock with exec", options);
    if (!(buffer instanceof BufferObject)) {
      throw new TtmError("EINVAL", `Cannot lock with exec: ${show(buffer)} is no buffer`);
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
   * @throws {TtmError} As {@linkcode lock}; those before the one that failed stay locked.
   */
  async lockAll(buffers: readonly BufferObject[], options: WaitOptions = {}): Promise<void> {
    checkArray("lock with exec", "the buffers", buffers);
    for (const buffer of buffers) await this.lock(buffer, options);
  }

  /**
   * Gives one buffer up again; others stay locked.
   *
   * @throws {TtmError} `EINVAL` if it is not among the locked.
   */
  unlock(buffer: BufferObject): void {
    const at = this.#buffers.lastIndexOf(buffer);
    if (at < 0 || !buffer.isHeldUnder(this.ticket)) {
      throw new TtmError("EINVAL", `Cannot unlock with exec: ${show(buffer)} is not locked by it`);
    }
    this.#buffers.splice(at, 1);
    buffer.unlock();
  }

  /**
   * Repeats `turn`, which locks by {@linkcode lock}, until it meets no contention.
   *
   * @returns What the last turn returned.
   * @throws What `turn` throws, except for contention; some buffers may be locked then, until {@linkcode finish}.
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

  /** Gives all locks up, the newest first, and leaves the order of eviction alone. A second call does nothing. */
  finish(): void {
    this.#unlockAll();
    this.#phase = "finished";
  }

  /** Gives all locks up, as {@linkcode finish}. */
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
    if (prelocked?.isHeldUnder(this.ticket)) prelocked.unlock();
  }

  #add(buffer: BufferObject): void {
    this.#buffers.push(buffer);
    buffer.reservation.fences.reserve(1);
  }

  async #take(buffer: BufferObject, options: WaitOptions): Promise<void> {
    const { locked, holder } = buffer.reservation;
    if (locked && holder !== this.ticket) options.signal?.throwIfAborted();
    if (!buffer.tryReserve(this.ticket)) await buffer.reserve({ ...options, ticket: this.ticket });
  }

  #unlockAll(): void {
    for (const buffer of this.#buffers.reverse()) if (buffer.isHeldUnder(this.ticket)) buffer.unlock();
    this.#buffers = [];
    this.#dropPrelocked();
  }

  #mustBeLocking(what: string): void {
    if (this.#phase === "locking") return;
    const why = this.#phase === "new" ? "its loop has not begun" : `it is ${this.#phase}`;
    throw new TtmError("EINVAL", `Cannot ${what} exec: ${why}`);
  }
}
