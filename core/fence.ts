/** Called once when a fence signals; `error` is `undefined` on success. */
export type FenceCallback = (error: unknown) => void;

/**
 * A point in time that work reaches: GPU jobs, copies, I/O. It signals once, with or without an error.
 * Callbacks run synchronously inside {@linkcode Fence.signal}, in the order in which they were added.
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

  /** Use {@linkcode FenceContext.next}. */
  constructor(context: FenceContext, seqno: number) {
    this.context = context;
    this.seqno = seqno;
  }

  /** Whether the work is over. */
  get signalled(): boolean {
    return this.#signalled;
  }

  /** Why the work failed; `undefined` while it runs and after success. */
  get error(): unknown {
    return this.#error;
  }

  /** Marks the work as over. A second call changes nothing. */
  signal(error?: unknown): void {
    if (this.#signalled) return;
    this.#signalled = true;
    this.#error = error;
    const thrown: unknown[] = [];
    for (const callback of this.#callbacks ?? []) {
      try {
        callback(error);
      } catch (reason) {
        thrown.push(reason);
      }
    }
    this.#callbacks = null;
    if (thrown.length > 0) throw thrown[0];
  }

  /**
   * Calls `callback` when the fence signals, at once when it has signalled already.
   *
   * @returns A function that takes the callback back.
   */
  onSignal(callback: FenceCallback): () => void {
    if (this.#signalled) {
      callback(this.#error);
      return () => {};
    }
    // Its own function for each call, since the same callback may be added twice.
    const entry: FenceCallback = (error) => callback(error);
    this.#callbacks ??= new Set();
    this.#callbacks.add(entry);
    return () => void this.#callbacks?.delete(entry);
  }

  /**
   * The work as a promise: resolves when the fence signals, rejects with its error.
   */
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

/** A timeline of fences: an engine or queue whose work ends in order. */
export class FenceContext {
  /** For messages. */
  readonly name: string;
  #last = 0;

  /** Starts a timeline. */
  constructor(name: string) {
    this.name = name;
  }

  /** Makes the next fence of this timeline. */
  next(): Fence {
    return new Fence(this, ++this.#last);
  }

  /** Makes the next fence of this timeline, which signals when the promise settles, with its reason if it rejects. */
  follow(promise: Promise<unknown>): Fence {
    const fence = this.next();
    promise.then(() => fence.signal(), (error) => fence.signal(error ?? new Error("the work failed")));
    return fence;
  }
}
