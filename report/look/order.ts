import { at } from "../at.ts";
import { type Run, TOUCHES } from "../run.ts";
import { present } from "./present.ts";

/** A buffer in the order of eviction. */
export interface Candidate {
  readonly buffer: number;
  readonly stay: number;
  /** When it was last used, or came. */
  readonly used: number;
}

/** The buffers of a memory type at a moment. */
export interface Order {
  /** The one that was used least recently comes first. */
  readonly candidates: readonly Candidate[];
  /** Rows of pinned buffers, which are not evicted. */
  readonly pinned: readonly number[];
}

/**
 * The order of eviction in a memory type at a moment, after all events of that time: by last use, as TTM's LRU has it.
 * Priorities and the order of other policies are not in a record.
 */
export function orderAt(run: Run, type: number, time: number): Order {
  const { stays, touches } = run;
  const here = present(run, type, time);
  const last = new Map<number, { order: number; used: number; pins: number; stay: number }>();
  for (const stay of here) {
    const used = at(stays.from, stay);
    last.set(at(stays.buffer, stay), { order: at(stays.order, stay), used, pins: 0, stay });
  }
  const [pin, unpin] = [TOUCHES.indexOf("pin"), TOUCHES.indexOf("unpin")];
  for (let touch = 0; touch < touches.time.length && at(touches.time, touch) <= time; touch++) {
    const entry = last.get(at(touches.buffer, touch));
    if (entry === undefined) continue;
    const kind = at(touches.kind, touch);
    if (kind === pin) entry.pins = 1;
    else if (kind === unpin) entry.pins = 0;
    if (at(touches.order, touch) < entry.order) continue;
    entry.order = at(touches.order, touch);
    entry.used = at(touches.time, touch);
  }
  const all = [...last].map(([buffer, entry]) => ({ buffer, ...entry })).sort((a, b) => a.order - b.order);
  return {
    candidates: all.filter(({ pins }) => pins === 0).map(({ buffer, stay, used }) => ({ buffer, stay, used })),
    pinned: all.filter(({ pins }) => pins > 0).map(({ buffer }) => buffer),
  };
}
