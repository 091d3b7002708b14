import { assert } from "@std/assert";
import { type BufferObject, type EvictionCursor, type EvictionPolicy, lru } from "@ttm/core";
import { testPolicy } from "./mod.ts";
import { altered, failures } from "./testing_faults.ts";

type Change = (inner: EvictionPolicy) => Partial<Record<keyof EvictionPolicy, unknown>>;

/** Walks are changed on their way. */
const walking =
  (change: (walk: EvictionCursor, inner: EvictionPolicy) => Partial<EvictionCursor>): Change => (inner) => ({
    candidates(memoryType: string): EvictionCursor {
      const walk = inner.candidates(memoryType);
      return { next: () => walk.next(), close: () => walk.close(), ...change(walk, inner) };
    },
  });

/** All that a walk meets, in an order of its own. */
const reordered = (order: (entries: number[]) => number[]): Change =>
  walking((walk) => {
    const all: number[] = [];
    for (let entry = walk.next(); entry >= 0; entry = walk.next()) all.push(entry);
    const left = order(all);
    return { next: () => left.shift() ?? -1 };
  });

const faults: Readonly<Record<string, Change>> = {
  "forgets who comes": () => ({ insert: () => {} }),
  "forgets every third who comes": (inner) => {
    let count = 0;
    return {
      insert: (entry: number, buffer: BufferObject, memoryType: string) =>
        ++count % 3 === 0 ? undefined : inner.insert(entry, buffer, memoryType),
    };
  },
  "knows one memory type only": (inner) => ({
    insert: (entry: number, buffer: BufferObject) => inner.insert(entry, buffer, "vram"),
  }),
  "keeps who has gone": () => ({ remove: () => {} }),
  "removes who is used": (inner) => ({ touch: (entry: number) => inner.remove(entry) }),
  "takes no notice of priorities": reordered((entries) => entries.sort((a, b) => a - b)),
  "turns the priorities round": reordered((entries) => entries.reverse()),
  "walks over a list made at the start": reordered((entries) => entries),
  "chooses at random": reordered((entries) => entries.sort(() => Math.random() - 0.5)),
  "gives everybody twice": reordered((entries) => entries.flatMap((entry) => [entry, entry])),
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
  "goes back to the start when somebody is removed": (inner) => {
    let removals = 0;
    return {
      remove(entry: number) {
        removals++;
        inner.remove(entry);
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
};

for (const [fault, change] of Object.entries(faults)) {
  Deno.test(`the suite of policies notices one that ${fault}`, async () => {
    const factory = () => {
      const inner = lru();
      return altered<EvictionPolicy>(inner, change(inner));
    };
    assert((await failures((test) => testPolicy({ test, factory }))).length > 0);
  });
}
