import type { Comparer } from "./fuzz_replay.ts";
import { simplerHeaders, simplerOperations } from "./fuzz_simpler.ts";
import type { Recorder } from "./recorder/kernel.ts";
import { NoAnswer } from "./recorder/line_process.ts";
import { type Header, type Operation, operationOf, type State } from "./recorder/operations.ts";
import { TraceError } from "./trace.ts";

/** An operation of the trace that is shrunk, and the fences that it made there. */
interface Entry {
  readonly operation: Operation;
  readonly fences: readonly number[];
}

/** A shorter trace with the same kind of difference, and its operations. */
interface Case {
  readonly header: Header;
  readonly entries: readonly Entry[];
  readonly lines: readonly string[];
}

/** The result of {@linkcode shrink}. */
export interface Shrunk {
  /** The shortest trace found, as the kernel recorded it. */
  readonly lines: readonly string[];
  /** Number of shorter scripts that were tried. */
  readonly attempts: number;
}

/**
 * Searches for the shortest script with the same kind of difference between core and kernel as a trace: removes
 * operations, in ever smaller pieces, then simplifies the remaining ones and the header, until nothing changes.
 *
 * @returns Undefined if the trace does not differ.
 */
export async function shrink(
  recorder: Recorder,
  comparer: Comparer,
  lines: readonly string[],
): Promise<Shrunk | undefined> {
  const shrinker = new Shrinker(recorder, comparer);
  return await shrinker.shrink(lines);
}

class Shrinker {
  #recorder: Recorder;
  #comparer: Comparer;
  #kind = "";
  #attempts = 0;

  constructor(recorder: Recorder, comparer: Comparer) {
    this.#recorder = recorder;
    this.#comparer = comparer;
  }

  async shrink(lines: readonly string[]): Promise<Shrunk | undefined> {
    const difference = await this.#comparer.compare(lines);
    if (difference === undefined) return undefined;
    this.#kind = difference.kind;
    const [header, ...records] = lines.slice(0, difference.operation + 2).map((line) => JSON.parse(line));
    const whole: Case = {
      header,
      entries: entriesOf(header.kind, records),
      lines: lines.slice(0, difference.operation + 2),
    };
    let best = await this.#attempt(header, whole.entries) ?? whole;
    for (let before = ""; before !== scriptOf(best);) {
      before = scriptOf(best);
      best = await this.#simplify(await this.#leaveOut(best));
    }
    return { lines: best.lines, attempts: this.#attempts };
  }

  async #leaveOut(best: Case): Promise<Case> {
    for (let size = Math.max(1, best.entries.length >> 1); size >= 1; size >>= 1) {
      // From the end, so that an operation is removed before those that it depends on.
      for (let end = best.entries.length; end > 0; end = Math.min(end - size, best.entries.length)) {
        const shorter = best.entries.toSpliced(Math.max(0, end - size), Math.min(size, end));
        best = await this.#attempt(best.header, shorter) ?? best;
      }
    }
    return best;
  }

  async #simplify(best: Case): Promise<Case> {
    for (const header of simplerHeaders(best.header, best.entries.map(({ operation }) => operation))) {
      best = await this.#attempt({ ...best.header, ...header }, best.entries) ?? best;
    }
    for (let at = best.entries.length - 1; at >= 0; at--) {
      for (let next: Case | undefined = best; next !== undefined; next = await this.#simplifyAt(best, at)) best = next;
    }
    return best;
  }

  async #simplifyAt({ entries, header }: Case, at: number): Promise<Case | undefined> {
    const entry = entries[at];
    if (entry === undefined) return undefined;
    for (const change of simplerOperations(entry.operation)) {
      const simpler = { ...entry, operation: { ...entry.operation, ...change } };
      const found = await this.#attempt(header, entries.with(at, simpler));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Records a script and compares it with the core; undefined unless the kind of difference is the same. */
  async #attempt(header: Header, entries: readonly Entry[]): Promise<Case | undefined> {
    this.#attempts++;
    try {
      const made = await this.#record(header, entries);
      const difference = await this.#comparer.compare(made.lines);
      if (difference?.kind !== this.#kind) return undefined;
      const count = difference.operation + 1;
      const first = JSON.stringify({ ...made.header, ops: count });
      return { ...made, entries: made.entries.slice(0, count), lines: [first, ...made.lines.slice(1, count + 1)] };
    } catch (error) {
      // A script that crashes the kernel, or that the replayer refuses, does not count.
      if (error instanceof NoAnswer || error instanceof TraceError) return undefined;
      throw error;
    }
  }

  /** Also removes operations that depend on removed ones. */
  async #record(header: Header, entries: readonly Entry[]): Promise<Case> {
    const { session } = await this.#recorder.begin(header);
    const made: Entry[] = [];
    const lines: string[] = [];
    const fences = new Fences();
    let there = new Set<number>();
    for (const entry of entries) {
      const operation = fences.renumbered(entry);
      if (operation === undefined) continue;
      const held = operation.held?.filter((bo) => there.has(bo));
      const { done, line, state } = await session.step({ ...operation, ...(held && { held }) });
      if (!done) continue;
      fences.after(entry, operation, state);
      there = new Set(state.bos?.map(([bo]) => bo as number));
      lines.push(line);
      made.push(entry);
    }
    const whole = { ...header, ops: lines.length };
    return { header: whole, entries: made, lines: [JSON.stringify(whole), ...lines] };
  }
}

/** Renumbers fences in a shorter script: `addfence` and copies number them in order. */
class Fences {
  #count = 0;
  #numbers = new Map<number, number>();

  /** The operation with the new number of its fence; undefined if that fence is not made. */
  renumbered({ operation, fences }: Entry): Operation | undefined {
    const { f, op } = operation;
    if (f === undefined) return operation;
    if (op === "addfence" && fences.includes(f)) return { ...operation, f: this.#count };
    const number = this.#numbers.get(f);
    return number === undefined ? undefined : { ...operation, f: number };
  }

  after({ fences }: Entry, operation: Operation, state: State): void {
    const made = madeBy(operation, state, this.#count);
    for (const [at, fence] of fences.entries()) if (at < made.length) this.#numbers.set(fence, made[at] as number);
    this.#count = Math.max(this.#count, ...made.map((fence) => fence + 1));
  }
}

/** The fences that an operation made, after `count` others. */
function madeBy({ f, op }: Operation, { ev = [] }: State, count: number): number[] {
  if (op === "addfence") return f === count ? [count] : [];
  return ev.filter(([first, , , , , , , fence = -1]) => first !== "w" && Number(fence) >= 0).map((event) =>
    Number(event[7])
  );
}

function entriesOf(kind: string, records: readonly (Operation & State)[]): Entry[] {
  let count = 0;
  return records.map((record) => {
    const fences = madeBy(record, record, count);
    count = Math.max(count, ...fences.map((fence) => fence + 1));
    return { operation: operationOf(kind, record), fences };
  });
}

function scriptOf({ header, entries }: Case): string {
  return JSON.stringify([header, entries]);
}
