import type { BufferColumns, EvictionColumns, OperationColumns, StayColumns, TouchColumns } from "../run.ts";
import { Table } from "./table.ts";

const [Int, Float] = ["int", "float"] as const;

/** What is counted in pages, by memory type: the changes of its use in the order in which they happened. */
export interface ChangeColumns {
  readonly time: Float64Array;
  /** Row of the stay that begins or ends. */
  readonly stay: Int32Array;
  /** 1 if it begins, -1 if it ends. */
  readonly sign: Int32Array;
}

/** Attempts to move a buffer that succeeded. */
export interface MoveColumns {
  readonly time: Float64Array;
  readonly end: Float64Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly bytes: Float64Array;
}

/** All tables that a record is reduced to. */
export class Tables {
  readonly buffers: Table<BufferColumns> = new Table<BufferColumns>({
    ...{ id: Float, label: Int, tag: Int, client: Int, bytes: Float, pages: Float, priority: Int },
    ...{ created: Float, destroyed: Float, evictions: Int, moved: Float },
  });
  readonly stays: Table<StayColumns> = new Table<StayColumns>({
    ...{ buffer: Int, type: Int, start: Float, from: Float, until: Float, order: Float },
    ...{ came: Int, cameFrom: Int, cameBy: Int, went: Int, wentTo: Int, wentBy: Int, eviction: Int },
  });
  readonly evictions: Table<Omit<EvictionColumns, "passed" | "reason">> = new Table<
    Omit<EvictionColumns, "passed" | "reason">
  >({
    ...{ time: Float, buffer: Int, from: Int, to: Int, forBuffer: Int, pages: Float, place: Int },
    ...{ fpfn: Float, lpfn: Float, position: Int, operation: Int, passedEnd: Int },
  });
  readonly passedOver: Table<Pick<EvictionColumns, "passed" | "reason">> = new Table<
    Pick<EvictionColumns, "passed" | "reason">
  >({ passed: Int, reason: Int });
  readonly operations: Table<OperationColumns> = new Table<OperationColumns>({
    id: Float,
    name: Int,
    buffer: Int,
    submission: Float,
  });
  readonly touches: Table<TouchColumns> = new Table<TouchColumns>({
    time: Float,
    order: Float,
    buffer: Int,
    kind: Int,
  });
  readonly changes: Table<ChangeColumns> = new Table<ChangeColumns>({ time: Float, stay: Int, sign: Int });
  readonly moves: Table<MoveColumns> = new Table<MoveColumns>({
    time: Float,
    end: Float,
    from: Int,
    to: Int,
    bytes: Float,
  });
}
