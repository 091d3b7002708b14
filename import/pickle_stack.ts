import { PASSED_OVER, PickleDict, type PickleValue } from "./pickle_values.ts";
import type { Fail } from "./values.ts";

/** Python writes dicts and lists in batches of 1000, so that an honest stack is far lower. */
const MOST_STACKED = 1 << 20;

/** The stack of a pickle, with its marks. Values below the last mark belong to whoever made it. */
export class PickleStack {
  readonly #values: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #fail: Fail;

  /** `fail` makes the error for the opcode at hand. */
  constructor(fail: Fail) {
    this.#fail = fail;
  }

  /** How many values are on the stack. */
  get height(): number {
    return this.#values.length;
  }

  /** @throws {WorkloadError} If the stack is too high. */
  push(value: PickleValue): void {
    if (this.#values.length === MOST_STACKED) throw this.#fail(`more than ${MOST_STACKED} values are on the stack`);
    this.#values.push(value);
  }

  /** Begins a list of values of any length. */
  mark(): void {
    if (this.#marks.length === MOST_STACKED) throw this.#fail(`more than ${MOST_STACKED} marks are on the stack`);
    this.#marks.push(this.#values.length);
  }

  /** @throws {WorkloadError} If there is no value above the last mark. */
  top(): PickleValue {
    if (this.#values.length <= (this.#marks.at(-1) ?? 0)) throw this.#fail("the stack is empty");
    return this.#values.at(-1);
  }

  /** Takes the value on top. */
  pop(): PickleValue {
    const value = this.top();
    this.#values.pop();
    return value;
  }

  /** Takes the value on top, or the last mark if it is above all values, as Python does. */
  drop(): void {
    if (this.#marks.at(-1) === this.#values.length) this.#marks.pop();
    else this.pop();
  }

  /** Takes this many values. */
  take(count: number): PickleValue[] {
    if (this.#values.length - (this.#marks.at(-1) ?? 0) < count) throw this.#fail("the stack is empty");
    return this.#values.splice(this.#values.length - count);
  }

  /** Takes the values above the last mark, and the mark. */
  items(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#fail("there is no mark on the stack");
    return this.#values.splice(mark);
  }

  /**
   * What the next container will be in: the list, dict or key that was pushed last, whatever marks are above it, or an
   * item before it in the same list.
   */
  get around(): PickleValue {
    return this.#values.at(-1);
  }

  /** The list on top, or what stands for one. */
  list(): PickleValue[] | typeof PASSED_OVER {
    const list = this.top();
    if (list !== PASSED_OVER && !Array.isArray(list)) throw this.#fail("what is appended to is not a list");
    return list;
  }

  /** The dict on top, or what stands for one. */
  dict(): PickleDict | typeof PASSED_OVER {
    const dict = this.top();
    if (dict !== PASSED_OVER && !(dict instanceof PickleDict)) throw this.#fail("what gets items is not a dict");
    return dict;
  }
}
