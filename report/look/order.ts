import { at } from "../at.ts";
import { LOWEST_PRIORITY, type Run, TOUCHES } from "../run.ts";
import { present } from "./present.ts";

/** A buffer in the order of eviction. */
export interface Candidate {
  readonly buffer: number;
  readonly stay: number;
  /** When it was last used, or came. */
  readonly used: number;
  readonly priority: number;
}

/** The buffers of a memory type at a moment. */
export interface Order {
  /** The next victim comes first. */
  readonly candidates: readonly Candidate[];
  /** Rows of pinned buffers, which are not evicted. */
  readonly pinned: readonly number[];
}

/** Where a buffer stands in the order; `order` is the number of the event that put it there. */
interface Entry extends Candidate {
  order: number;
  used: number;
  priority: number;
  pinned: boolean;
}

const [PIN, UNPIN] = [TOUCHES.indexOf("pin"), TOUCHES.indexOf("unpin")];

/**
 * The order of eviction in a memory type at a moment, after all events of that time, as TTM's LRU has it: buffers of a
 * lower priority first, and among those of one priority by last use; with the policy `mru` the latest use comes first.
 */
export function orderAt(run: Run, type: number, time: number): Order {
  const entries = new Map(present(run, type, time).map((stay) => [at(run.stays.buffer, stay), entryOf(run, stay)]));
  const { touches } = run;
  for (let touch = 0; touch < touches.time.length && at(touches.time, touch) <= time; touch++) {
    const entry = entries.get(at(touches.buffer, touch));
    if (entry === undefined) continue;
    const kind = at(touches.kind, touch);
    if (kind === PIN || kind === UNPIN) entry.pinned = kind === PIN;
    if (kind >= LOWEST_PRIORITY) entry.priority = kind - LOWEST_PRIORITY;
    if (at(touches.order, touch) < entry.order) continue;
    entry.order = at(touches.order, touch);
    entry.used = at(touches.time, touch);
  }
  const sign = run.policy === "mru" ? -1 : 1;
  const all = [...entries.values()].sort((a, b) => a.priority - b.priority || sign * (a.order - b.order));
  return {
    candidates: all.filter(({ pinned }) => !pinned),
    pinned: all.filter(({ pinned }) => pinned).map(({ buffer }) => buffer),
  };
}

/** A buffer that has just come, with the priority that it was created with. */
function entryOf({ stays, buffers }: Run, stay: number): Entry {
  const buffer = at(stays.buffer, stay);
  const [order, used, priority] = [at(stays.order, stay), at(stays.from, stay), at(buffers.priority, buffer)];
  return { buffer, stay, used, priority, order, pinned: false };
}

/** Whose order it is, in a sentence. */
export function orderOf({ policy }: Run): string {
  if (policy === "lru" || policy === "mru") {
    const first = policy === "lru" ? "the one unused for longest" : "the one used last";
    return `This is the order of the run's policy, ${policy}: lowest priority first, then ${first}.`;
  }
  const own = policy === "none" ? "The run has no policy" : `The order of the run's policy, ${policy}, is not recorded`;
  return `${own}: this is the order of TTM's LRU, lowest priority first, then the one unused for longest.`;
}
