import { Reliability } from "./reliability.ts";

/** Of how many submissions in a row all turns must have come before what comes earlier is given up. */
const OVERTAKEN = 3;
/** A use is in its turn if it is early by so many turns at most, or within its submission. */
const EARLY = 32;
/** After so many submissions in a row without a use in its turn the program is taken to have left out a part. */
const ASTRAY = 16;

/**
 * The uses of buffers that a device expects, in order: what the last hint named, without what has been used since. An
 * expected use that does not come is given up when three submissions in a row have used later ones only. A use long
 * before its turn is another one, which was not named. Whether they are followed is for {@linkcode Reliability} to say.
 */
export class Hints<Buffer> {
  /** Where early uploads into free room go on. */
  uploadedTo = 0;
  #sequence: readonly Buffer[] = [];
  /** The turns of each buffer in the sequence, the next one last. */
  #turns: Map<Buffer, number[]> = new Map();
  #front = 0;
  /** The last turn that was used. */
  #reached = 0;
  readonly #reliability: Reliability<Buffer>;
  /** For each of the last submissions, the turn in the middle of those that it used: others may be wrong. */
  #latest: number[] = [];
  /** The earliest turns that submissions used since the last one with a use in its turn. */
  #astray: number[] = [];
  readonly #changed: (buffer: Buffer) => void;

  /**
   * Expects nothing yet.
   *
   * @param changed Called with each buffer whose next turn is another one now.
   * @param pagesOf Tells the size of a buffer.
   */
  constructor(changed: (buffer: Buffer) => void, pagesOf: (buffer: Buffer) => number) {
    this.#changed = changed;
    this.#reliability = new Reliability(pagesOf);
  }

  /** Whether no use is expected. */
  get isEmpty(): boolean {
    return this.#turns.size === 0;
  }

  /** Whether nothing is to be learned from uses. */
  get isIdle(): boolean {
    return this.isEmpty && this.#reliability.isSettled;
  }

  /** Whether to evict by hints: they have kept the right buffers lately. */
  get areFollowed(): boolean {
    return this.#reliability.areFollowed;
  }

  /** Whether, besides, so few are wrong that an upload ahead of its use is hardly ever in vain. */
  get areReliable(): boolean {
    return this.areFollowed && this.#reliability.areNearlyAllRight;
  }

  /** The turn of a buffer's next expected use; a smaller one comes earlier, Infinity if none is expected. */
  next(buffer: Buffer): number {
    return this.#turns.get(buffer)?.at(-1) ?? Infinity;
  }

  /** Takes note that a buffer leaves a memory type of so many pages, and who would if hints were followed, or not. */
  compare(byHints: Buffer, without: Buffer, room: number): void {
    this.#reliability.compare(byHints, without, room);
  }

  /** Replaces all that is expected. */
  replace(buffers: readonly Buffer[]): void {
    const before = this.#turns;
    this.#sequence = buffers;
    this.#turns = new Map();
    this.#front = this.#reached = this.uploadedTo = 0;
    this.#latest = [];
    this.#astray = [];
    for (const buffer of buffers) this.#turns.set(buffer, []);
    for (let turn = buffers.length - 1; turn >= 0; turn--) this.#turns.get(buffers[turn] as Buffer)?.push(turn);
    for (const buffer of before.keys()) if (!this.#turns.has(buffer)) this.#changed(buffer);
    for (const buffer of this.#turns.keys()) this.#changed(buffer);
  }

  /** Takes note that a submission has used some buffers, each once. */
  use(buffers: readonly Buffer[]): void {
    const inTurn = Math.max(this.#front, this.#reached) + EARLY + buffers.length;
    const turns: number[] = [];
    let ahead = Infinity;
    for (const buffer of buffers) {
      this.#reliability.use(buffer);
      const turn = this.next(buffer);
      if (turn > inTurn) ahead = Math.min(ahead, turn);
      else {
        turns.push(turn);
        this.#reached = Math.max(this.#reached, turn);
        this.#reliability.note(true);
        this.#dropTurn(buffer);
      }
    }
    if (turns.length > 0) this.#overtake(turns.sort((a, b) => a - b)[turns.length >> 1] as number);
    else if (ahead < Infinity) this.#skip(ahead);
  }

  /** A buffer is released: no use of it is expected any more. */
  drop(buffer: Buffer): void {
    this.#reliability.release(buffer);
    if (this.#turns.delete(buffer)) this.#changed(buffer);
  }

  /** The buffers of the expected uses from a turn on, with these turns. */
  *from(turn: number): Generator<readonly [number, Buffer]> {
    for (let at = Math.max(turn, this.#front); at < this.#sequence.length; at++) {
      const buffer = this.#sequence[at] as Buffer;
      if (this.next(buffer) <= at) yield [at, buffer];
      else if (at === this.#front) this.#front++;
    }
  }

  #overtake(turn: number): void {
    this.#astray = [];
    this.#latest = [...this.#latest.slice(1 - OVERTAKEN), turn];
    if (this.#latest.length === OVERTAKEN) this.#giveUpBefore(Math.min(...this.#latest));
  }

  #skip(turn: number): void {
    this.#astray.push(turn);
    if (this.#astray.length < ASTRAY) return;
    this.#latest = [];
    this.#giveUpBefore(Math.min(...this.#astray));
    this.#astray = [];
  }

  #giveUpBefore(turn: number): void {
    for (; this.#front < turn; this.#front++) {
      const buffer = this.#sequence[this.#front] as Buffer;
      if (this.next(buffer) !== this.#front) continue;
      this.#reliability.note(false);
      this.#dropTurn(buffer);
    }
  }

  #dropTurn(buffer: Buffer): void {
    const turns = this.#turns.get(buffer) ?? [];
    turns.pop();
    if (turns.length === 0) this.#turns.delete(buffer);
    this.#changed(buffer);
  }
}
