import { Counter } from "./counter.ts";

/**
 * The state of a group, which the algorithms work on; `MemoryGroup` adds the public operations. Groups form trees: what
 * a group uses is also used by those above it. Its parent never changes.
 */
export class GroupRecord {
  /** Name of the group, for messages. */
  readonly name: string;
  /** The group above it; null if it is at the top of the device. */
  readonly parent: GroupRecord | null;
  /** @internal One for each memory type of the device. */
  readonly counters: readonly Counter[];
  /** @internal Number of its buffers and open clients, and of the groups right below it. */
  members = 0;
  #device: object;
  #removed = false;

  /** @internal */
  constructor(device: object, types: number, name: string, parent: GroupRecord | null) {
    this.#device = device;
    this.name = name;
    this.parent = parent;
    this.counters = Array.from({ length: types }, (_, type) => new Counter(parent?.counter(type) ?? null));
    if (parent !== null) parent.members++;
  }

  /** @internal Whether it is a group of the device with this state that has not been removed. */
  isOf(device: object): boolean {
    return this.#device === device && !this.#removed;
  }

  /** @internal What it uses of a memory type. */
  counter(type: number): Counter {
    return this.counters[type] as Counter;
  }

  /** @internal Whether it is the other group, or above it. */
  contains(other: GroupRecord | null): boolean {
    for (let group = other; group !== null; group = group.parent) if (group === this) return true;
    return false;
  }

  /** @internal Takes an empty group out of the tree. */
  leave(): void {
    if (this.#removed) return;
    this.#removed = true;
    for (const counter of this.counters) counter.limits = { min: 0, low: 0, max: Infinity };
    if (this.parent !== null) this.parent.members--;
  }

  /** For messages. */
  toString(): string {
    return `group "${this.name}"`;
  }
}

/** The nearest group that contains both; null for the device. */
export function commonGroup(one: GroupRecord | null, other: GroupRecord | null): GroupRecord | null {
  let group = one;
  while (group !== null && !group.contains(other)) group = group.parent;
  return group;
}
