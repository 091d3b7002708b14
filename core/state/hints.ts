import type { BufferRecord } from "./buffer_record.ts";

/** How many submissions in a row must use what comes later before what comes earlier is given up. */
const OVERTAKEN = 3;

/**
 * The uses of buffers that a device expects, in order: what the last hint named, without what has been used since. An
 * expected use that does not come is given up when three submissions in a row have used later ones only.
 */
export class Hints {
  /** Where early uploads into free room go on. */
  uploadedTo = 0;
  #sequence: readonly BufferRecord[] = [];
  /** The turns of each buffer in the sequence, the next one last. */
  #turns: Map<BufferRecord, number[]> = new Map();
  #front = 0;
  /** For each of the last submissions, the earliest turn that it used. */
  #latest: number[] = [];
  #changed: (buffer: BufferRecord) => void;

  /** @param changed Called with each buffer whose next turn is another one now. */
  constructor(changed: (buffer: BufferRecord) => void) {
    this.#changed = changed;
  }

  /** Whether no use is expected. */
  get isEmpty(): boolean {
    return this.#turns.size === 0;
  }

  /** The turn of a buffer's next expected use; a smaller one comes earlier, Infinity if none is expected. */
  next(buffer: BufferRecord): number {
    return this.#turns.get(buffer)?.at(-1) ?? Infinity;
  }

  /** Replaces all that is expected. */
  replace(buffers: readonly BufferRecord[]): void {
    const before = this.#turns;
    this.#sequence = buffers;
    this.#turns = new Map();
    this.#front = this.uploadedTo = 0;
    this.#latest = [];
    for (const buffer of buffers) this.#turns.set(buffer, []);
    for (const [turn, buffer] of [...buffers.entries()].reverse()) this.#turns.get(buffer)?.push(turn);
    for (const buffer of before.keys()) if (!this.#turns.has(buffer)) this.#changed(buffer);
    for (const buffer of this.#turns.keys()) this.#changed(buffer);
  }

  /** Takes note that a submission has used some buffers, each once. */
  use(buffers: Iterable<BufferRecord>): void {
    let earliest = Infinity;
    for (const buffer of buffers) {
      const turn = this.next(buffer);
      if (turn === Infinity) continue;
      earliest = Math.min(earliest, turn);
      this.#dropTurn(buffer);
    }
    if (earliest === Infinity) return;
    this.#latest = [...this.#latest.slice(1 - OVERTAKEN), earliest];
    if (this.#latest.length === OVERTAKEN) this.#giveUpBefore(Math.min(...this.#latest));
  }

  /** Expects no use of a buffer any more. */
  drop(buffer: BufferRecord): void {
    if (this.#turns.delete(buffer)) this.#changed(buffer);
  }

  /** The buffers of the expected uses from a turn on, with these turns. */
  *from(turn: number): Generator<readonly [number, BufferRecord]> {
    for (let at = Math.max(turn, this.#front); at < this.#sequence.length; at++) {
      const buffer = this.#sequence[at] as BufferRecord;
      if (this.#isExpected(buffer, at)) yield [at, buffer];
      else if (at === this.#front) this.#front++;
    }
  }

  #isExpected(buffer: BufferRecord, turn: number): boolean {
    return this.next(buffer) <= turn;
  }

  #giveUpBefore(turn: number): void {
    for (; this.#front < turn; this.#front++) {
      const buffer = this.#sequence[this.#front] as BufferRecord;
      if (this.next(buffer) === this.#front) this.#dropTurn(buffer);
    }
  }

  #dropTurn(buffer: BufferRecord): void {
    const turns = this.#turns.get(buffer) ?? [];
    turns.pop();
    if (turns.length === 0) this.#turns.delete(buffer);
    this.#changed(buffer);
  }
}
