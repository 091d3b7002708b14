import { callBack, type FenceCallback } from "./call_back.ts";
import { TtmError } from "../base/errors.ts";

export type { FenceCallback };

/**
 * The end of asynchronous work: a GPU job, a copy, I/O (`dma_fence`). It signals once, with or without an error.
 * Callbacks run synchronously inside {@linkcode Fence.signal}, in the order in which they were added. Those of a fence
 * that a callback signals run as soon as that callback has returned, before the remaining ones.
 *
 * @example Waiting for a fence by callback
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FenceContext } from "@ttm/core";
 *
 * const fence = new FenceContext("copy").next();
 * const seen: string[] = [];
 * fence.onSignal(() => seen.push("done"));
 * fence.signal();
 * assertEquals(seen, ["done"]);
 * ```
 */
export class Fence {
  /** The timeline that this fence belongs to. */
  readonly context: FenceContext;
  /** Position on the timeline, from 1; later fences of a timeline have higher numbers. */
  readonly seqno: number;
  #signalled = false;
  #error: unknown = undefined;
  #callbacks: Set<FenceCallback> | null = null;
  /** Told that it has signalled before its callbacks are called. */
  #watchers: (() => void)[] | null = null;
  #enableSignaling: (() => void) | null;

  /** Use {@linkcode FenceContext.next}. */
  constructor(context: FenceContext, seqno: number, enableSignaling: (() => void) | null = null) {
    this.context = context;
    this.seqno = seqno;
    this.#enableSignaling = enableSignaling;
  }

  /** Whether the work has ended. */
  get signalled(): boolean {
    return this.#signalled;
  }

  /** Why the work failed; `undefined` while it runs and after success. */
  get error(): unknown {
    return this.#error;
  }

  /**
   * Marks the work as ended. A second call changes nothing.
   *
   * @throws {TtmError} `EINVAL` if an earlier fence of its timeline has not signalled; the fence is then unchanged.
   * Otherwise the first error that a callback throws, after all callbacks have been called; when a callback signals the
   * fence, from the call of `signal` that runs that callback.
   */
  signal(error?: unknown): void {
    if (this.#signalled) return;
    this.context.pass(this);
    this.#signalled = true;
    this.#error = error;
    this.#enableSignaling = null;
    if (this.#watchers !== null) { for (const watch of this.#watchers) watch(); }
    this.#watchers = null;
    const callbacks = this.#callbacks;
    this.#callbacks = null;
    if (callbacks !== null) callBack(callbacks, error);
  }

  /**
   * Calls `callback` when the fence signals, at once if it has signalled already.
   *
   * @returns A function that removes the callback.
   */
  onSignal(callback: FenceCallback): () => void {
    const forget = this.observe(callback);
    this.enableSignaling();
    return forget;
  }

  /**
   * As {@linkcode onSignal}, for callers that do not wait for the fence: it signals no earlier for it.
   *
   * @returns A function that removes the callback.
   */
  observe(callback: FenceCallback): () => void {
    if (this.#signalled) {
      callback(this.#error);
      return () => {};
    }
    // A separate function for each call, since the same callback may be added twice.
    const entry: FenceCallback = (error) => callback(error);
    const callbacks = this.#callbacks ??= new Set();
    callbacks.add(entry);
    return () => void callbacks.delete(entry);
  }

  /** @internal Calls `watch` when the pending fence signals, before all callbacks; it must not throw. */
  watch(watch: () => void): void {
    (this.#watchers ??= []).push(watch);
  }

  /**
   * Asks the driver to signal the fence as soon as its work has ended, as the first {@linkcode onSignal} does
   * (`dma_fence_enable_sw_signaling`); for callers that look at {@linkcode signalled} later.
   */
  enableSignaling(): void {
    const enable = this.#enableSignaling;
    this.#enableSignaling = null;
    enable?.();
  }

  /** A promise that resolves when the fence signals, or rejects with its error. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onSignal((error) => error === undefined ? resolve() : reject(error));
    });
  }

  /** For messages: the timeline's name and the position on it. */
  toString(): string {
    return `${this.context.name}#${this.seqno}`;
  }
}

/**
 * A timeline of fences (`dma_fence_context`): an engine or queue whose work ends in order, each fence after the one
 * made before it. A wait for a fence is also a wait for the earlier fences of its timeline. So each engine needs a
 * timeline of its own, and each fence that is made must signal, with an error if its work will not be done.
 */
export class FenceContext {
  /** For messages. */
  readonly name: string;
  #last: Fence | null = null;
  #signalled = 0;

  /** Starts a timeline. */
  constructor(name: string) {
    this.name = name;
  }

  /**
   * Makes the next fence of this timeline.
   *
   * @param enableSignaling Called once, when somebody first waits for the fence, unless it has signalled by then
   * (`enable_signaling` of the kernel's fences). A driver to which the end of work is not reported without being asked
   * for asks for it here, and so not for work that nobody waits for. The earlier fences of the timeline must then signal,
   * too. It may signal the fence at once, and must not throw.
   */
  next(enableSignaling?: () => void): Fence {
    return this.#last = new Fence(this, (this.#last?.seqno ?? 0) + 1, enableSignaling);
  }

  /**
   * Makes the next fence of this timeline. It signals when the promise has settled and the earlier fences have
   * signalled, with the promise's reason as error if it rejects.
   */
  follow(promise: Promise<unknown>): Fence {
    const before = this.#last;
    const fence = this.next();
    const end = (error?: unknown) => {
      if (before === null) fence.signal(error);
      else before.onSignal(() => fence.signal(error));
    };
    promise.then(() => end(), (error) => end(error ?? new Error("the work failed")));
    return fence;
  }

  /** @internal Advances the timeline to a fence that is about to signal, which must be the next one. */
  pass(fence: Fence): void {
    const turn = this.#signalled + 1;
    if (fence.seqno !== turn) {
      const why =
        `${this.name}#${turn} was made before it and has not signalled; work that may end in another order needs `;
      throw new TtmError("EINVAL", `Cannot signal ${fence}: ${why}timelines of its own`);
    }
    this.#signalled = turn;
  }
}
