/// <reference lib="dom" />
import { type ColourBy, usualColours } from "../look/groups.ts";
import { NONE, type Run } from "../run.ts";
import { afterRest } from "./visible.ts";

/** What the page shows. Times are those of runs. */
export interface Shown {
  readonly runs: readonly Run[];
  /** The part of time that is shown. */
  readonly from: number;
  readonly until: number;
  /** The moment. */
  readonly t: number;
  readonly by: ColourBy;
  /** The run whose order, buffers and failures are shown. */
  readonly run: number;
  /** Row of the buffer that is shown at length. */
  readonly buffer: number;
  readonly query: string;
}

const COLOURINGS: readonly ColourBy[] = ["tag", "client", "age", "buffer"];
/** The shortest part of time that can be shown, as a share of all. */
const SHORTEST = 1e-7;

/** What is shown now, in the address of the page too, and who has to know of changes. */
export class State {
  #now: Shown = { runs: [], from: 0, until: 1, t: 0, by: "tag", run: 0, buffer: NONE, query: "" };
  #last: Shown | null = null;
  #listeners: ((now: Shown, last: Shown | null) => void)[] = [];
  #pending = false;
  readonly #tellAddress = afterRest(() => this.#writeHash());

  constructor() {
    globalThis.addEventListener("hashchange", () => this.set(this.#readHash()));
  }

  get now(): Shown {
    return this.#now;
  }

  /** The longest of all runs. */
  get duration(): number {
    return Math.max(...this.#now.runs.map(({ duration }) => duration), 0) || 1;
  }

  /** Calls a listener before the next picture whenever something has changed. */
  listen(listener: (now: Shown, last: Shown | null) => void): void {
    this.#listeners.push(listener);
  }

  /** Shows other runs, from their beginning to their end, or what the address says. Forgets all listeners. */
  show(runs: readonly Run[]): void {
    [this.#listeners, this.#last] = [[], null];
    this.#now = { ...this.#now, runs, run: 0, buffer: NONE };
    this.set({ from: 0, until: this.duration, t: 0, by: usualColours(runs), ...this.#readHash() });
  }

  /** Changes what is shown. */
  set(change: Partial<Shown>): void {
    const next = { ...this.#now, ...change };
    const { duration } = this;
    const width = Math.min(duration, Math.max(duration * SHORTEST, next.until - next.from));
    const from = Math.min(duration - width, Math.max(0, next.from));
    const t = Math.min(duration, Math.max(0, next.t));
    const run = Math.min(Math.max(0, next.run), Math.max(0, next.runs.length - 1));
    this.#now = { ...next, from, until: from + width, t, run };
    if (this.#pending) return;
    this.#pending = true;
    document.body.dataset["drawing"] = "yes";
    requestAnimationFrame(() => this.#draw());
  }

  /** Shows a part of time that is `factor` as long, around a moment. */
  zoom(factor: number, around: number = this.#now.t): void {
    const { from, until } = this.#now;
    this.set({ from: around - (around - from) * factor, until: around + (until - around) * factor });
  }

  /** Shows an earlier or later part of time; 1 is the length of the part that is shown. */
  pan(share: number): void {
    const { from, until } = this.#now;
    const step = (until - from) * share;
    this.set({ from: from + step, until: until + step });
  }

  #draw(): void {
    this.#pending = false;
    const [now, last] = [this.#now, this.#last];
    this.#last = now;
    for (const listener of this.#listeners) listener(now, last);
    if (now.runs.length > 0) this.#tellAddress();
    if (this.#pending) return;
    document.body.dataset["drawing"] = "no";
    if (last === null) performance.mark("drawn");
  }

  #writeHash(): void {
    const { from, until, t, by, run, buffer, query } = this.#now;
    const values = new URLSearchParams({ t: `${t}` });
    if (from > 0 || until < this.duration) {
      [["from", from], ["until", until]].forEach(([k, v]) => values.set(`${k}`, `${v}`));
    }
    if (by !== usualColours(this.#now.runs)) values.set("by", by);
    if (run !== 0) values.set("run", `${run}`);
    if (buffer !== NONE) values.set("buffer", `${buffer}`);
    if (query !== "") values.set("q", query);
    const hash = `#${values}`;
    if (hash !== location.hash) history.replaceState(null, "", hash);
  }

  #readHash(): Partial<Shown> {
    const values = new URLSearchParams(location.hash.slice(1));
    const number = (key: string) => {
      const text = values.get(key) ?? "";
      return text === "" || !Number.isFinite(Number(text)) ? undefined : Number(text);
    };
    const found = {
      ...{ t: number("t"), from: number("from"), until: number("until"), run: number("run"), buffer: number("buffer") },
      ...{ by: COLOURINGS.find((by) => by === values.get("by")), query: values.get("q") ?? undefined },
    };
    return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  }
}
