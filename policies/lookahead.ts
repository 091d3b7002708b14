import type { BufferView, EvictionCursor, EvictionPolicy, RemovalReason } from "@ttm/core";
import { checkPolicy } from "./check.ts";
import { Turns } from "./turns.ts";

/**
 * Evicts the buffers with an expected use last, and among them the one first whose turn comes last; the others in the
 * order of another policy. Lower priorities come first in any case. Expected uses are those of `BoDevice.hint`.
 *
 * `inner` is told of all buffers and uses, expected or not, so that its order is the one that it has without hints.
 * If the first in its order are expected, others that are not go in the order of their last use. While hints prove worse
 * than that order, the device evicts in the order of `inner` alone.
 *
 * @param inner A policy of its own, which nothing else uses.
 * @returns A policy for one device. Without hints its order is that of `inner`.
 * @throws {TtmError} `EINVAL` if `inner` is no eviction policy.
 *
 * @example The one that is needed last
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, lru } from "@ttm/core";
 * import { lookahead } from "@ttm/policies";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {}, policy: lookahead(lru()) });
 * using a = device.createBuffer({ bytes: 1, label: "a" });
 * using b = device.createBuffer({ bytes: 1, label: "b" });
 * using c = device.createBuffer({ bytes: 1, label: "c" });
 * const placement = { placement: [{ memoryType: "system" }] };
 * await device.submit([a, b, c].map((buffer) => ({ buffer, placement })), () => {});
 * device.hint([a, b]);
 * assertEquals(device.lru("system")[0], [c, b, a]);
 * ```
 */
export function lookahead(inner: EvictionPolicy): EvictionPolicy {
  return new Lookahead(checkPolicy("make lookahead()", inner));
}

/**
 * How many expected entries a walk over the inner policy passes over before it goes on by turns: if nearly all are
 * expected, the few that are not may come last in that order.
 */
const PASSED_OVER = 8;

/** The policy of {@linkcode lookahead}. */
export class Lookahead implements EvictionPolicy {
  readonly name: string;
  readonly #inner: EvictionPolicy;
  readonly #turns: Turns = new Turns();
  readonly #turnOf: number[] = [];
  readonly #priorityOf: number[] = [];

  constructor(inner: EvictionPolicy) {
    this.name = `lookahead(${inner.name})`;
    this.#inner = inner;
  }

  insert(entry: number, buffer: BufferView, memoryType: string): void {
    this.#turnOf[entry] = Infinity;
    this.#priorityOf[entry] = buffer.priority;
    this.#turns.insert(entry, buffer, memoryType);
    this.#inner.insert(entry, buffer, memoryType);
  }

  touch(entry: number): void {
    this.#turns.touch(entry);
    this.#inner.touch(entry);
  }

  remove(entry: number, why: RemovalReason): void {
    this.#turnOf[entry] = Infinity;
    this.#turns.remove(entry, why);
    this.#inner.remove(entry, why);
  }

  hint(entry: number, next: number): void {
    if (this.#turnOf[entry] === next) return;
    this.#turnOf[entry] = next;
    this.#turns.expect(entry, next);
  }

  /** The turn of an entry; Infinity if no use is expected. */
  turnOf(entry: number): number {
    return this.#turnOf[entry] ?? Infinity;
  }

  candidates(memoryType: string, newcomer?: BufferView, ignoreHints = false): EvictionCursor {
    const others = this.#inner.candidates(memoryType, newcomer);
    if (ignoreHints) return others;
    let byTurn: EvictionCursor | null = null;
    const walk = this.#merge(others, () => byTurn = this.#turns.candidates(memoryType));
    return {
      next: walk,
      close() {
        byTurn?.close();
        others.close();
      },
    };
  }

  *order(memoryType: string, ignoreHints = false): Generator<number> {
    const inner = this.#inner.order?.(memoryType)[Symbol.iterator]();
    const open = inner === undefined ? this.#inner.candidates(memoryType) : null;
    const others = open ?? stepsOf(inner);
    const next = ignoreHints
      ? () => others.next()
      : this.#merge(others, () => stepsOf(this.#turns.order(memoryType)[Symbol.iterator]()));
    try {
      for (let entry = next(); entry >= 0; entry = next()) yield entry;
    } finally {
      // Who reads the order may stop before its end.
      inner?.return?.();
      open?.close();
    }
  }

  /**
   * The next step of a walk: those that are not expected in the order of `others`, as long as this has come to no other
   * priority, then all that are left by turns.
   */
  #merge(others: Steps, byTurn: () => Steps): () => number {
    const given = new Set<number>();
    let rest: Steps | null = null;
    let [passed, passedPriority] = [0, 0];
    return () => {
      while (rest === null) {
        const entry = others.next();
        const priority = this.#priorityOf[entry] as number;
        if (entry < 0 || passed > PASSED_OVER || (passed > 0 && priority > passedPriority)) rest = byTurn();
        else if (this.#turnOf[entry] === Infinity) {
          given.add(entry);
          return entry;
        } else {
          passed++;
          passedPriority = priority;
        }
      }
      let entry = rest.next();
      // Walks that are open at the same time move entries past each other.
      while (given.has(entry)) entry = rest.next();
      if (entry >= 0) given.add(entry);
      return entry;
    };
  }
}

/** One entry after the other, -1 at the end. */
type Steps = Pick<EvictionCursor, "next">;

function stepsOf(entries: Iterator<number> | undefined): Steps {
  return { next: () => entries?.next().value ?? -1 };
}
