import { assert } from "@std/assert";
import type { EvictionCursor, EvictionPolicy } from "@ttm/core";
import { testPolicy } from "./mod.ts";
import { complaints } from "./testing_faults.ts";
import { type Row, type Table, table } from "./testing_table_policy.ts";

/** A policy whose walks are lists of the rows at their start; `isGiven` selects those that are still given. */
const listing = (isGiven: (row: Row, rows: Table["rows"]) => boolean) =>
  table(({ rows, sorted }) => ({
    candidates(memoryType) {
      const left = sorted(memoryType);
      return { next: () => takeFirst(left, (row) => isGiven(row, rows))?.entry ?? -1, close() {} };
    },
  }));

function takeFirst(rows: Row[], isGiven: (row: Row) => boolean): Row | undefined {
  for (let row = rows.shift(); row !== undefined; row = rows.shift()) if (isGiven(row)) return row;
  return undefined;
}

/** Policies, and a part of the name or message of a case that they fail. */
const faults: Readonly<Record<string, readonly [factory: () => EvictionPolicy, said: string]>> = {
  "brings used entries to the memory type of the last insert": [
    table(({ rows, good }) => {
      let last = "vram";
      return {
        insert: (entry, buffer, memoryType) => good.insert(entry, buffer, last = memoryType),
        touch(entry) {
          good.touch(entry);
          Object.assign(rows.get(entry) ?? {}, { memoryType: last });
        },
      };
    }),
    "after random calls",
  ],
  "forgets the priority of used entries of other memory types than the first": [
    table(({ rows, good }) => ({
      touch(entry) {
        good.touch(entry);
        const row = rows.get(entry);
        if (row !== undefined && row.memoryType !== "vram") row.priority = 0;
      },
    })),
    "after random calls",
  ],
  "keeps removed entries of a memory type that is walked over": [
    table(({ rows, good }) => {
      const open = new Map<string, number>();
      const walks = (memoryType: string) => open.get(memoryType) ?? 0;
      const late = new Set<number>();
      return {
        remove(entry) {
          if (walks(rows.get(entry)?.memoryType ?? "") < 2) good.remove(entry, "freed");
          else late.add(entry);
        },
        candidates(memoryType): EvictionCursor {
          open.set(memoryType, walks(memoryType) + 1);
          const walk = good.candidates(memoryType);
          return {
            next: () => walk.next(),
            close() {
              open.set(memoryType, walks(memoryType) - 1);
              for (const entry of late) good.remove(entry, "freed");
              late.clear();
            },
          };
        },
      };
    }),
    "has been removed",
  ],
  "gives entries that have gone to another memory type": [listing(({ entry }, rows) => rows.has(entry)), "is in"],
  "ends a walk at an entry that was removed and inserted again": [
    table(({ rows, sorted }) => ({
      candidates(memoryType) {
        const left = sorted(memoryType);
        return {
          next() {
            const row = left.shift();
            if (row === undefined) return -1;
            const now = rows.get(row.entry);
            if (now !== undefined && now !== row) left.length = 0;
            return now === row ? row.entry : takeFirst(left, (one) => rows.get(one.entry) === one)?.entry ?? -1;
          },
          close() {},
        };
      },
    })),
    "stayed",
  ],
  "loses the last entry that a walk gave if that ends there": [
    table(({ rows, good }) => ({
      candidates(memoryType) {
        const walk = good.candidates(memoryType);
        let taken = -1;
        return {
          next: () => taken = walk.next(),
          close: () => void (taken >= 0 && rows.delete(taken)),
        };
      },
    })),
    "ended early",
  ],
  "ends all walks with one": [
    table(({ good }) => {
      let turn = 0;
      return {
        candidates(memoryType) {
          const walk = good.candidates(memoryType);
          const begun = turn;
          return { next: () => turn === begun ? walk.next() : -1, close: () => void turn++ };
        },
      };
    }),
    "stayed",
  ],
  "returns entries of a walk twice after a use of another": [
    table(({ rows, sorted }) => {
      let uses = 0;
      return {
        touch(entry) {
          const row = rows.get(entry);
          if (row !== undefined) row.turn = 1e6 + ++uses;
        },
        candidates(memoryType) {
          let given = new Set<Row>();
          let seen = uses;
          return {
            next() {
              if (uses > seen + 1) given = new Set();
              seen = uses;
              const row = sorted(memoryType).find((row) => !given.has(row));
              if (row !== undefined) given.add(row);
              return row?.entry ?? -1;
            },
            close() {},
          };
        },
      };
    }),
    "twice",
  ],
  "applies uses when the next walk begins, to whatever has the number then": [
    table(({ rows, good }) => {
      const used = new Map<number, Row>();
      return {
        touch: (entry) => void used.set(entry, rows.get(entry) as Row),
        candidates(memoryType) {
          for (const [entry, row] of used) if (rows.has(entry)) rows.set(entry, row);
          used.clear();
          return good.candidates(memoryType);
        },
      };
    }),
    "",
  ],
  "has numbers of 16 bits": [
    table(({ good }) => ({
      insert: (entry, buffer, memoryType) => good.insert(entry & 0xffff, buffer, memoryType),
      touch: (entry) => good.touch(entry & 0xffff),
      remove: (entry, why) => good.remove(entry & 0xffff, why),
    })),
    "large numbers",
  ],
};

for (const [fault, [factory, said]] of Object.entries(faults)) {
  Deno.test(`the policy suite detects a policy that ${fault}, and says so`, async () => {
    const failed = await complaints((test) => testPolicy({ test, factory }));
    assert(failed.some((words) => words.join(": ").includes(said)), `it said: ${failed.slice(0, 6).join("\n")}`);
  });
}

testPolicy({ test: Deno.test, factory: table(() => ({})) });
