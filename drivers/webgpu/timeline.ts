import { type Fence, FenceContext } from "@ttm/core";

interface Entry {
  readonly fence: Fence;
  /** Begins the end of a readback; null for plain work, which ends with whatever was submitted after it. */
  readonly begin: (() => Promise<void>) | null;
  begun: boolean;
  wanted: boolean;
  ended: boolean;
  error: unknown;
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
  #workDone: () => Promise<void>;
  #entries: Entry[] = [];
  /** The fence of plain work that later work may still join, since nobody waits for it. */
  #open: Entry | null = null;

  /** `workDone` settles when all work submitted before the call has ended. */
  constructor(workDone: () => Promise<void>) {
    this.#workDone = workDone;
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
    this.#open = null;
    for (const entry of this.#entries) this.#end(entry, error);
    this.#signal();
  }

  #add(begin: Entry["begin"]): Entry {
    const fence = this.context.next(() => {
      entry.wanted = true;
      this.#askSoon();
    });
    const entry: Entry = { fence, begin, begun: false, wanted: false, ended: false, error: undefined };
    this.#entries.push(entry);
    return entry;
  }

  /** At the end of this turn, so that all that begins in it shares one wait. */
  #askSoon(): void {
    queueMicrotask(() => this.#ask());
  }

  #ask(): void {
    const waiting = this.#entries.filter((entry) => !entry.begun);
    if (!waiting.some(({ wanted }) => wanted)) return;
    this.waits++;
    const lastWanted = waiting.findLastIndex(({ wanted }) => wanted);
    const lastReadback = waiting.findLastIndex(({ begin }) => begin !== null);
    for (const entry of waiting.slice(0, Math.max(lastWanted, lastReadback) + 1)) {
      entry.begun = true;
      if (entry === this.#open) this.#open = null;
      const { begin } = entry;
      if (begin !== null) begin().then(() => this.#passed(entry), (error) => this.#passed(entry, error));
    }
    const last = waiting[lastWanted];
    if (lastReadback < lastWanted && last !== undefined) {
      this.#workDone().then(() => this.#passed(last), () => this.#passed(last));
    }
  }

  /** Work that came before something that has ended has ended, too. */
  #passed(entry: Entry, error?: unknown): void {
    this.#end(entry, error);
    const at = this.#entries.indexOf(entry);
    for (const before of this.#entries.slice(0, Math.max(at, 0))) {
      if (before.begin === null) this.#end(before, undefined);
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
    while (this.#entries[0]?.ended === true) {
      const { fence, error } = this.#entries.shift() as Entry;
      fence.signal(error);
    }
  }
}
