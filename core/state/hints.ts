import { Reliability } from "./reliability.ts";

/** Of how many submissions in a row all turns must have come before what comes earlier is given up. */
const OVERTAKEN = 3;
/** A use is in its turn if it is early by so many turns at most, or within its submission. */
const EARLY = 32;
/** The reach is decided anew after such a part of it. */
const JUDGED = 1 / 16;
/** After so many submissions in a row without a use in its turn the program is taken to have left out a part. */
const ASTRAY = 16;

/**
 * The uses of buffers that a device expects, in order: what the last hint named, without what has been used since. An
 * expected use that does not come is given up when three submissions in a row have used later ones only. A use long
 * before its turn is another one, which was not named. If many do not come in their turn, only the nearest are expected.
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
  /** Later turns are not followed. */
  #end = 0;
  /** How many turns ahead they are followed. */
  #reach = Infinity;
  /** Where the reach is decided anew, and how many turns later again. */
  #judgedTo = 0;
  #judgedEvery = 1;
  readonly #reliability: Reliability = new Reliability();
  /** For each of the last submissions, the turn in the middle of those that it used: others may be wrong. */
  #latest: number[] = [];
  /** The earliest turns that submissions used since the last one with a use in its turn. */
  #astray: number[] = [];
  readonly #changed: (buffer: Buffer) => void;
  readonly #residents: () => number;

  /**
   * Expects nothing yet.
   *
   * @param changed Called with each buffer whose next turn is another one now.
   * @param residents Tells how many buffers are resident in the memory that hints are for.
   */
  constructor(changed: (buffer: Buffer) => void, residents: () => number) {
    this.#changed = changed;
    this.#residents = residents;
  }

  /** Whether no use is expected. */
  get isEmpty(): boolean {
    return this.#turns.size === 0;
  }

  /** Whether hints have been right so often that all of them are followed. */
  get areReliable(): boolean {
    return this.#reach === Infinity;
  }

  /** The turn of a buffer's next expected use; a smaller one comes earlier, Infinity if none is expected. */
  next(buffer: Buffer): number {
    const turn = this.#named(buffer);
    return turn < this.#end ? turn : Infinity;
  }

  /** Replaces all that is expected. */
  replace(buffers: readonly Buffer[]): void {
    const before = this.#turns;
    this.#sequence = buffers;
    this.#turns = new Map();
    this.#front =
      this.#reached =
      this.uploadedTo =
      this.#judgedTo =
        0;
    this.#latest = [];
    this.#astray = [];
    for (const buffer of buffers) this.#turns.set(buffer, []);
    for (let turn = buffers.length - 1; turn >= 0; turn--) this.#turns.get(buffers[turn] as Buffer)?.push(turn);
    this.#judge();
    this.#end = this.#lastTurn;
    for (const buffer of before.keys()) if (!this.#turns.has(buffer)) this.#changed(buffer);
    for (const buffer of this.#turns.keys()) this.#changed(buffer);
  }

  /** Takes note that a submission has used some buffers, each once. */
  use(buffers: readonly Buffer[]): void {
    const inTurn = Math.max(this.#front, this.#reached) + EARLY + buffers.length;
    const turns: number[] = [];
    let ahead = Infinity;
    for (const buffer of buffers) {
      const turn = this.#named(buffer);
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
    if (this.#front >= this.#judgedTo) this.#judge();
    this.#followTo(this.#lastTurn);
  }

  /** Expects no use of a buffer any more. */
  drop(buffer: Buffer): void {
    if (this.#turns.delete(buffer)) this.#changed(buffer);
  }

  /** The buffers of the expected uses from a turn on, with these turns. */
  *from(turn: number): Generator<readonly [number, Buffer]> {
    for (let at = Math.max(turn, this.#front); at < this.#end; at++) {
      const buffer = this.#sequence[at] as Buffer;
      if (this.#named(buffer) <= at) yield [at, buffer];
      else if (at === this.#front) this.#front++;
    }
  }

  /** The turn of a buffer's next use, also if it is not followed. */
  #named(buffer: Buffer): number {
    return this.#turns.get(buffer)?.at(-1) ?? Infinity;
  }

  /** How far hints are followed now. */
  get #lastTurn(): number {
    return Math.min(this.#sequence.length, this.#front + Math.ceil(this.#reach));
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

  /** Rarely, since another reach may change what is expected of as many buffers as are named. */
  #judge(): void {
    this.#reach = this.#reliability.reach(this.#residents());
    const reach = this.#lastTurn - this.#front;
    this.#judgedEvery = Math.min(2 * this.#judgedEvery, Math.max(EARLY, JUDGED * reach));
    this.#judgedTo = this.#front + this.#judgedEvery;
  }

  #followTo(end: number): void {
    const before = this.#end;
    this.#end = end;
    for (let at = Math.min(before, end); at < Math.max(before, end); at++) {
      const buffer = this.#sequence[at] as Buffer;
      if (this.#named(buffer) === at) this.#changed(buffer);
    }
  }

  #giveUpBefore(turn: number): void {
    for (; this.#front < turn; this.#front++) {
      const buffer = this.#sequence[this.#front] as Buffer;
      if (this.#named(buffer) !== this.#front) continue;
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
