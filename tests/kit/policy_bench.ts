import {
  BoDevice,
  type BufferObject,
  type Driver,
  type EvictionPolicy,
  PAGE_SIZE,
  type RemovalReason,
} from "@ttm/core";
import { mustEqual } from "./suite.ts";

/** The memory types of the entries. */
export const MEMORY_TYPES: readonly string[] = ["vram", "gtt", "cma"];

/** A policy, and the entries that it should hold. */
export class Bench {
  readonly policy: EvictionPolicy;
  readonly entries: Map<number, { readonly priority: number; readonly memoryType: string }> = new Map();
  readonly #buffers: BufferObject[];

  constructor(policy: EvictionPolicy) {
    this.policy = policy;
    const driver: Driver = {
      name: "none",
      memoryTypes: [{ name: "system" }],
      evictPlacement: () => ({ placement: [] }),
    };
    const device = new BoDevice({ driver, managers: {} });
    this.#buffers = [0, 1, 2, 3].map((priority) => device.createBuffer({ bytes: PAGE_SIZE, priority }));
  }

  insert(entry: number, priority = 0, memoryType = "vram"): void {
    this.entries.set(entry, { priority, memoryType });
    this.policy.insert(entry, this.#buffers[priority] as BufferObject, memoryType);
  }

  remove(entry: number, why: RemovalReason = "freed"): void {
    this.entries.delete(entry);
    this.policy.remove(entry, why);
  }

  /** Evicts the first candidate of a walk, as a device does; -1 if there is none. */
  evict(memoryType = "vram"): number {
    const walk = this.policy.candidates(memoryType);
    const entry = walk.next();
    walk.close();
    if (entry >= 0) this.remove(entry, "evicted");
    return entry;
  }

  /** The order for inspection: `order()`, or a walk if the policy has none. */
  look(memoryType = "vram"): number[] {
    if (this.policy.order === undefined) return this.walk(memoryType);
    const seen: number[] = [];
    for (const entry of this.policy.order(memoryType)) {
      if (seen.push(entry) > 2 * this.entries.size + 10) break;
    }
    return seen;
  }

  /** All entries of a walk. An endless walk is cut off. */
  walk(memoryType = "vram"): number[] {
    const walk = this.policy.candidates(memoryType);
    const met = rest(walk, 2 * this.entries.size + 10);
    walk.close();
    return met;
  }

  /** Fails unless walks and `order()` return each entry once, lower priorities first. */
  check(): void {
    for (const memoryType of MEMORY_TYPES) {
      this.mustBeAll(this.look(memoryType), `the entries of ${memoryType} on inspection`, memoryType);
      this.mustBeAll(this.walk(memoryType), `what a walk over ${memoryType} meets`, memoryType);
    }
  }

  mustBeAll(met: readonly number[], what: string, memoryType = "vram"): void {
    const expected = [...this.entries].filter(([, entry]) => entry.memoryType === memoryType).map(([entry]) => entry);
    mustEqual(sorted(met), sorted(expected), what);
    const priorities = met.map((entry) => this.entries.get(entry)?.priority ?? -1);
    mustEqual(priorities, sorted(priorities), `the order of the priorities in ${what}`);
  }
}

/** The entries that a walk still gives, at most this many. */
export function rest(walk: ReturnType<EvictionPolicy["candidates"]>, most: number): number[] {
  const met: number[] = [];
  for (let entry = walk.next(); entry >= 0 && met.length < most; entry = walk.next()) met.push(entry);
  return met;
}

/** Numbers in ascending order. */
export function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}
