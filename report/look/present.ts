import { at } from "../at.ts";
import type { Run } from "../run.ts";

/** The stays in a memory type at a moment, after all events of that time. */
export function present({ stays, duration }: Run, type: number, time: number): number[] {
  const found: number[] = [];
  for (let stay = 0; stay < stays.from.length && at(stays.from, stay) <= time; stay++) {
    const stillThere = at(stays.until, stay) > time || (time >= duration && at(stays.went, stay) === 0);
    if (at(stays.type, stay) === type && stillThere) found.push(stay);
  }
  return found;
}

/** The stay in a memory type at a moment that covers a page; undefined if the page is free. */
export function stayAt(run: Run, type: number, time: number, page: number): number | undefined {
  return present(run, type, time).find((stay) => {
    const start = at(run.stays.start, stay);
    return page >= start && page < start + at(run.buffers.pages, at(run.stays.buffer, stay));
  });
}
