import type { EvictionPolicy } from "@ttm/core";

/** An entry of the table policy. */
export interface Row {
  readonly entry: number;
  memoryType: string;
  priority: number;
  turn: number;
}

/** What a faulty policy is made of: the rows by entry, and a right policy over them. */
export interface Table {
  readonly rows: Map<number, Row>;
  readonly good: EvictionPolicy;
  /** The rows of a memory type in the order of eviction. */
  sorted(memoryType: string): Row[];
}

/** A policy in one table, in order of use, with some members replaced by wrong ones. */
export const table = (change: (table: Table) => Partial<EvictionPolicy>): () => EvictionPolicy => () => {
  const rows = new Map<number, Row>();
  let turn = 0;
  const sorted = (memoryType: string) =>
    [...rows.values()].filter((row) => row.memoryType === memoryType)
      .sort((a, b) => a.priority - b.priority || a.turn - b.turn);
  const good: EvictionPolicy = {
    name: "table",
    insert: (entry, { priority }, memoryType) => void rows.set(entry, { entry, memoryType, priority, turn: ++turn }),
    touch(entry) {
      const row = rows.get(entry);
      if (row !== undefined) row.turn = ++turn;
    },
    remove: (entry) => void rows.delete(entry),
    candidates(memoryType) {
      const given = new Set<Row>();
      return {
        next() {
          const row = sorted(memoryType).find((row) => !given.has(row));
          if (row !== undefined) given.add(row);
          return row?.entry ?? -1;
        },
        close() {},
      };
    },
  };
  return { ...good, ...change({ rows, good, sorted }) };
};
