import { type Fence, FenceContext } from "@ttm/core";

interface Entry {
  readonly fence: Fence;
  /** Begins the end of a readback; null for plain work, which ends with whatever was submitted after it. */
  readonly begin: (() => Promise<void>) | null;
  wanted: boolean;
  ended: boolean;
  error: unknown;
  /** What was submitted next. */
  next: Entry | null;
}

/**
 * The timeline of a queue. WebGPU says only when all work submitted so far has ended, and some implementations block
 * the thread meanwhile, so it is asked only if somebody waits for a fence: once for all fences of that moment, and for
 * all readbacks that have been queued, started together.
 */
export class Timeline {
  /** Context of all fences. What they stand for comes before any work that is submitted later. */
  readonly context: FenceContext = new FenceContext("webgpu queue");
  /** How often the device was asked. */
  waits = 0;
  /** Entries that all walks have looked at. */
  steps = 0;
  #workDone: () => Promise<void>;
  #last: Entry = this.#entry(null);
  /** The last one whose fence has signalled. */
  #signalled: Entry = this.#last;
  /** The last one of which all work before has ended that is no readback. */
  #passed: Entry = this.#last;
  /** The last one that has begun. */
  #begun: Entry = this.#last;
  #willAsk = false;
  /** The fence of plain work that later work may still join, since nobody waits for it. */
  #open: Entry | null = null;

  /** `workDone` settles when all work submitted before the call has ended. */
  constructor(workDone: () => Promise<void>) {
    this.#workDone = workDone;
    this.#last.fence.signal();
  }

  /** A fence of all work submitted so far; later work may delay it until somebody waits for it. */
  work(): Fence {
    this.#open ??= this.#add(null);
    return this.#open.fence;
  }

  /** A fence that signals when `begin`, called once somebody waits, has settled, with its error if it rejects. */
  readback(begin: () => Promise<void>): Fence {
    this.#open = null;
    return this.#add(begin).fence;
  }

  /** Ends all fences with an error: the device is lost. */
  fail(error: unknown): void {
    for (let entry = this.#signalled.next; entry !== null; entry = entry.next) this.#end(entry, error);
    this.#passed = this.#begun = this.#last;
    this.#signal();
  }

  #add(begin: Entry["begin"]): Entry {
    return this.#last = this.#last.next = this.#entry(begin);
  }

  #entry(begin: Entry["begin"]): Entry {
    const fence = this.context.next(() => {
      entry.wanted = true;
      this.#askSoon();
    });
    const entry: Entry = { fence, begin, wanted: false, ended: false, error: undefined, next: null };
    return entry;
  }

  /** At the end of this turn, so that all that begins in it shares one wait. */
  #askSoon(): void {
    if (this.#willAsk) return;
    this.#willAsk = true;
    queueMicrotask(() => this.#ask());
  }

  #ask(): void {
    this.#willAsk = false;
    let isWanted = false;
    let last = this.#begun;
    for (let { next } = last; next !== null; next = next.next) {
      this.steps++;
      if (next.wanted || next.begin !== null) last = next;
      if (next.wanted) isWanted = true;
    }
    if (!isWanted) return;
    this.waits++;
    const first = this.#begun.next;
    this.#begun = last;
    for (let entry = first; entry !== last.next && entry !== null; entry = entry.next) this.#begin(entry);
    if (last.begin === null) this.#workDone().then(() => this.#pass(last), () => this.#pass(last));
  }

  #begin(entry: Entry): void {
    if (entry === this.#open) this.#open = null;
    entry.begin?.().then(() => this.#pass(entry), (error) => this.#pass(entry, error));
  }

  /** Work that came before something that has ended has ended, too. */
  #pass(entry: Entry, error?: unknown): void {
    this.#end(entry, error);
    while (this.#passed.fence.seqno < entry.fence.seqno && this.#passed.next !== null) {
      this.steps++;
      this.#passed = this.#passed.next;
      if (this.#passed.begin === null) this.#end(this.#passed, undefined);
    }
    this.#signal();
  }

  #end(entry: Entry, error: unknown): void {
    if (entry.ended) return;
    entry.ended = true;
    entry.error = error;
    if (entry === this.#open) this.#open = null;
  }

  #signal(): void {
    for (let { next } = this.#signalled; next?.ended === true; next = this.#signalled.next) {
      this.#signalled = next;
      next.fence.signal(next.error);
    }
  }
}
