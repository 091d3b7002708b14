import { assert } from "@std/assert";
import { type BufferObject, type EvictionCursor, type EvictionPolicy, lru, type RemovalReason } from "@ttm/core";
import { lookahead } from "@ttm/policies";
import { testPolicy } from "./mod.ts";
import { altered, failures } from "./testing_faults.ts";
import { clock, sieve } from "./testing_policies.ts";

type Change = (inner: EvictionPolicy) => Partial<Record<keyof EvictionPolicy, unknown>>;

/** Changes the walks. */
const walking =
  (change: (walk: EvictionCursor, inner: EvictionPolicy) => Partial<EvictionCursor>): Change => (inner) => ({
    candidates(memoryType: string): EvictionCursor {
      const walk = inner.candidates(memoryType);
      return { next: () => walk.next(), close: () => walk.close(), ...change(walk, inner) };
    },
  });

/** Returns all entries of a walk in another order. */
const reordered = (order: (entries: number[]) => number[]): Change =>
  walking((walk) => {
    const all: number[] = [];
    for (let entry = walk.next(); entry >= 0; entry = walk.next()) all.push(entry);
    const left = order(all);
    return { next: () => left.shift() ?? -1 };
  });

const REASONS: readonly RemovalReason[] = ["evicted", "moved", "freed", "pinned"];

/** Keeps entries that are removed for one of the reasons. */
const keeping = (kept: RemovalReason): Change => (inner) => ({
  remove: (entry: number, why: RemovalReason) => why === kept ? undefined : inner.remove(entry, why),
});

/** Changes the result of `order`. */
const ordering = (change: (entries: number[], inner: EvictionPolicy) => Iterable<number>): Change => (inner) => ({
  order: (memoryType: string) => change([...inner.order?.(memoryType) ?? []], inner),
});

function* walked(policy: EvictionPolicy, memoryType: string): Generator<number> {
  const walk = policy.candidates(memoryType);
  for (let entry = walk.next(); entry >= 0; entry = walk.next()) yield entry;
  walk.close();
}

const faults: Readonly<Record<string, Change>> = {
  "ignores inserted entries": () => ({ insert: () => {} }),
  "ignores every third inserted entry": (inner) => {
    let count = 0;
    return {
      insert: (entry: number, buffer: BufferObject, memoryType: string) =>
        ++count % 3 === 0 ? undefined : inner.insert(entry, buffer, memoryType),
    };
  },
  "knows one memory type only": (inner) => ({
    insert: (entry: number, buffer: BufferObject) => inner.insert(entry, buffer, "vram"),
  }),
  "keeps removed entries": () => ({ remove: () => {} }),
  "removes used entries": (inner) => ({ touch: (entry: number) => inner.remove(entry, "freed") }),
  "takes no notice of priorities": reordered((entries) => entries.sort((a, b) => a - b)),
  "turns the priorities round": reordered((entries) => entries.reverse()),
  "walks over a list made at the start": reordered((entries) => entries),
  "chooses at random": reordered((entries) => entries.sort(() => Math.random() - 0.5)),
  "returns every entry twice": reordered((entries) => entries.flatMap((entry) => [entry, entry])),
  "gives the first one only": reordered((entries) => entries.slice(0, 1)),
  "leaves the last one out": reordered((entries) => entries.slice(0, -1)),
  "begins again at the end": walking((walk, inner) => {
    let current = walk;
    return {
      next() {
        const entry = current.next();
        if (entry >= 0) return entry;
        current = inner.candidates("vram");
        return current.next();
      },
    };
  }),
  "restarts a walk when an entry is removed": (inner) => {
    let removals = 0;
    return {
      remove(entry: number, why: RemovalReason) {
        removals++;
        inner.remove(entry, why);
      },
      candidates(memoryType: string): EvictionCursor {
        let [walk, seen] = [inner.candidates(memoryType), removals];
        return {
          next() {
            if (seen !== removals) [walk, seen] = [inner.candidates(memoryType), removals];
            return walk.next();
          },
          close: () => walk.close(),
        };
      },
    };
  },
  "makes every walk a use": (inner) =>
    walking((walk) => ({
      next() {
        const entry = walk.next();
        if (entry >= 0) inner.touch(entry);
        return entry;
      },
    }))(inner),
  "has no name": () => ({ name: "" }),
  "removes by a promise": (inner) => ({
    // deno-lint-ignore require-await -- the mistake
    remove: async (entry: number, why: RemovalReason) => inner.remove(entry, why),
  }),
  ...Object.fromEntries(REASONS.map((kept) => [`keeps entries that were ${kept}`, keeping(kept)])),
};

/** Mistakes of policies whose hand moves during the search for a victim. */
const handFaults: Readonly<Record<string, Change>> = {
  "has no order(), and moves its hand on inspection": () => ({ order: undefined }),
  "moves its hand in order()": (inner) => ({ order: (memoryType: string) => walked(inner, memoryType) }),
  "clears a mark in order()": (inner) => ({
    *order(memoryType: string) {
      const seen = [...inner.order?.(memoryType) ?? []];
      const walk = inner.candidates(memoryType);
      walk.next();
      walk.close();
      yield* seen;
    },
  }),
  "takes a look as a use": ordering(function* (entries, inner) {
    for (const entry of entries) {
      inner.touch(entry);
      yield entry;
    }
  }),
  "returns no entry in order()": ordering(() => []),
  "shows the first one only in order()": ordering((entries) => entries.slice(0, 1)),
  "returns every entry twice in order()": ordering((entries) => [...entries, ...entries]),
  "shows them by number in order()": ordering((entries) => entries.toSorted((a, b) => a - b)),
  "shows another order than that of its walks": ordering((entries) => entries.toReversed()),
  "shows one memory type only in order()": (inner) => ({ order: () => inner.order?.("vram") }),
  "returns a promise from order()": (inner) => ({
    // deno-lint-ignore require-await -- the mistake
    order: async (memoryType: string) => inner.order?.(memoryType),
  }),
};

/** Passes a hint on, or not. */
const hinting = (change: (entry: number, next: number, inner: EvictionPolicy) => unknown): Change => (inner) => ({
  hint: (entry: number, next: number) => change(entry, next, inner),
});

/** Mistakes of policies that are told of expected uses. */
const hintFaults: Readonly<Record<string, Change>> = {
  "takes no notice of hints": hinting(() => {}),
  "takes the last turn for the first": hinting((entry, next, inner) =>
    inner.hint?.(entry, next === Infinity ? next : 5000 - next)
  ),
  "puts all who are expected in the order of their coming": hinting((entry, next, inner) =>
    inner.hint?.(entry, next === Infinity ? next : 1)
  ),
  "withdraws no hint": hinting((entry, next, inner) => next < Infinity && inner.hint?.(entry, next)),
  "keeps the first turn of an entry": (inner) => {
    const first = new Map<number, number>();
    return {
      hint(entry: number, next: number) {
        if (next === Infinity) first.delete(entry);
        else if (!first.has(entry)) first.set(entry, next);
        inner.hint?.(entry, first.get(entry) ?? next);
      },
      remove(entry: number, why: RemovalReason) {
        first.delete(entry);
        inner.remove(entry, why);
      },
    };
  },
  "forgets a hint at the next use": (inner) => ({
    touch(entry: number) {
      inner.hint?.(entry, Infinity);
      inner.touch(entry);
    },
  }),
  "takes a use for the end of all hints": (inner) => {
    const hinted = new Set<number>();
    return {
      hint(entry: number, next: number) {
        hinted.add(entry);
        inner.hint?.(entry, next);
      },
      touch(entry: number) {
        for (const other of hinted) inner.hint?.(other, Infinity);
        hinted.clear();
        inner.touch(entry);
      },
    };
  },
  ...Object.fromEntries(
    REASONS.map((reason) => [`gives the hint of one who was ${reason} to the next of that number`, keptHint(reason)]),
  ),
  "removes who is hinted": hinting((entry, _next, inner) => inner.remove(entry, "pinned")),
  "removes whose hint is withdrawn": hinting((entry, next, inner) =>
    next < Infinity ? inner.hint?.(entry, next) : inner.remove(entry, "pinned")
  ),
  "hints the neighbour": hinting((entry, next, inner) => inner.hint?.(entry ^ 1, next)),
  "rounds turns": hinting((entry, next, inner) => inner.hint?.(entry, next < Infinity ? next >> 3 : next)),
  "puts who is expected behind all priorities": (inner) => {
    const homes = new Map<number, readonly [BufferObject, string]>();
    return {
      insert(entry: number, buffer: BufferObject, memoryType: string) {
        homes.set(entry, [buffer, memoryType]);
        inner.insert(entry, buffer, memoryType);
      },
      hint(entry: number, next: number) {
        const [buffer, memoryType] = homes.get(entry) as readonly [BufferObject, string];
        inner.remove(entry, "moved");
        const view = next < Infinity ? Object.create(buffer, { priority: { value: 3 } }) : buffer;
        inner.insert(entry, view, memoryType);
        inner.hint?.(entry, next);
      },
    };
  },
  "shows who is expected first in order()": (inner) => {
    const hinted = new Set<number>();
    return {
      hint(entry: number, next: number) {
        if (next < Infinity) hinted.add(entry);
        else hinted.delete(entry);
        inner.hint?.(entry, next);
      },
      order: (memoryType: string) =>
        [...inner.order?.(memoryType) ?? []].sort((a, b) => Number(hinted.has(b)) - Number(hinted.has(a))),
    };
  },
  "loses the turn of who is hinted while two walks are open": (inner) => {
    let open = 0;
    return {
      hint: (entry: number, next: number) => inner.hint?.(entry, open > 1 && next < Infinity ? 1000 - next : next),
      candidates(memoryType: string): EvictionCursor {
        const walk = inner.candidates(memoryType);
        open++;
        return {
          next: () => walk.next(),
          close() {
            open--;
            walk.close();
          },
        };
      },
    };
  },
  "follows hints in walks that ignore them": (inner) => ({
    candidates: (memoryType: string, newcomer?: BufferObject) => inner.candidates(memoryType, newcomer),
  }),
  "follows hints in inspections that ignore them": (inner) => ({
    order: (memoryType: string) => inner.order?.(memoryType),
  }),
  "forgets its order while it is hinted": (inner) => {
    const hinted = new Set<number>();
    return {
      hint(entry: number, next: number) {
        hinted.add(entry);
        inner.hint?.(entry, next);
      },
      touch: (entry: number) => hinted.has(entry) ? undefined : inner.touch(entry),
    };
  },
  "answers a hint by a promise": hinting((entry, next, inner) => Promise.resolve(inner.hint?.(entry, next))),
};

/** Gives the turn of a removed entry to the next entry with its number. */
function keptHint(reason: RemovalReason): Change {
  return (inner) => {
    const [turns, left] = [new Map<number, number>(), new Map<number, number>()];
    return {
      hint(entry: number, next: number) {
        turns.set(entry, next);
        inner.hint?.(entry, next);
      },
      remove(entry: number, why: RemovalReason) {
        if (why === reason && turns.has(entry)) left.set(entry, turns.get(entry) ?? Infinity);
        turns.delete(entry);
        inner.remove(entry, why);
      },
      insert(entry: number, buffer: BufferObject, memoryType: string) {
        inner.insert(entry, buffer, memoryType);
        inner.hint?.(entry, left.get(entry) ?? Infinity);
        left.delete(entry);
      },
    };
  };
}

const all = [
  ...Object.entries(faults).map(([fault, change]) => [fault, lru, change] as const),
  ...Object.entries(handFaults).map(([fault, change]) => [fault, sieve, change] as const),
  ...Object.entries(hintFaults).map(([fault, change]) => [fault, () => lookahead(lru()), change] as const),
  ["moves its hand in order(), as a clock", clock, handFaults["moves its hand in order()"] as Change] as const,
];

for (const [fault, part, change] of all) {
  Deno.test(`the policy suite detects a policy that ${fault}`, async () => {
    const factory = () => {
      const inner = part();
      return altered<EvictionPolicy>(inner, change(inner));
    };
    assert((await failures((test) => testPolicy({ test, factory }))).length > 0);
  });
}
