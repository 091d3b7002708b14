import { PickleDict, type PickleValue } from "./pickle_values.ts";
import { show, whole } from "./values.ts";
import { WorkloadError } from "./workload.ts";

/** A value of the snapshot, with its name and the offset of the dict that holds it, for messages. */
export class Node {
  readonly value: PickleValue;
  readonly #file: string;
  readonly #at: number;
  readonly #name: string;

  constructor(file: string, value: PickleValue, within: { readonly at: number }, name: string) {
    this.value = value;
    this.#file = file;
    this.#at = value instanceof PickleDict ? value.at : within.at;
    this.#name = name;
  }

  fail(why: string): WorkloadError {
    return new WorkloadError(this.#file, { offset: this.#at }, `Cannot read ${this.#name}: ${why}`);
  }

  has(key: string): boolean {
    return this.value instanceof PickleDict && this.value[key] !== undefined;
  }

  get(key: string): Node {
    return new Node(this.#file, (this.dict().value as PickleDict)[key], { at: this.#at }, `${key} of ${this.#name}`);
  }

  dict(): Node {
    if (this.value instanceof PickleDict) return this;
    throw this.fail(`it must be a dict, but is ${show(this.value)}`);
  }

  list(): readonly PickleValue[] {
    if (Array.isArray(this.value)) return this.value;
    throw this.fail(`it must be a list, but is ${show(this.value)}`);
  }

  *items(): Generator<Node, void> {
    for (const item of this.list()) yield new Node(this.#file, item, { at: this.#at }, `an item of ${this.#name}`);
  }

  whole(least: number, most?: number): number {
    return whole(this.value, "it", (why) => this.fail(why), least, most);
  }
}
