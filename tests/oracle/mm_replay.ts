import { RangeAllocator, type RangeNode, type SearchOrder } from "@ttm/first-fit";
import type { Compared, Replayer } from "./trace.ts";

/** First line of an mm trace. */
export interface MmHeader {
  readonly start: number;
  readonly size: number;
  readonly color: 0 | 1;
}

type Range = [start: number, size: number];
type NodeLine = [id: number, start: number, size: number];

/** Any other line of it. */
export interface MmOperation {
  readonly i: number;
  readonly op: "insert" | "reserve" | "remove";
  readonly id: number;
  readonly start: number;
  readonly size: number;
  readonly align: number;
  readonly color: number;
  readonly lo: number;
  readonly hi: number;
  readonly mode: number;
  readonly ret: number;
  readonly nodes?: NodeLine[];
  readonly stack?: Range[];
  readonly bysize?: Range[];
}

const ORDERS: readonly SearchOrder[] = ["best", "lowest", "highest", "evict"];
const ONCE = 2 ** 31;
const ENOSPC = -28;

/** The results of an operation that the trace records. */
interface Outcome {
  readonly ret?: number;
  readonly start?: number;
  readonly nodes?: readonly NodeLine[];
  readonly stack?: readonly Range[];
  readonly bysize?: readonly Range[];
}

/**
 * Replays the kernel's drm_mm through a `RangeAllocator` and compares each result, and where the trace has them, the
 * nodes, the holes by recency and the holes in BEST order.
 *
 * Inserts in ONCE mode that failed in the trace are skipped: whether they fail depends on the shape of the
 * kernel's trees.
 */
export class MmReplayer implements Replayer<MmOperation> {
  #allocator: RangeAllocator;
  #nodes: Map<number, RangeNode> = new Map();

  constructor({ start, size, color }: MmHeader) {
    this.#allocator = new RangeAllocator({ start, size, orders: ORDERS, guardColors: color === 1 });
  }

  run(operation: MmOperation): Compared {
    const { op, ret, start, nodes, stack, bysize } = operation;
    const result = op === "insert" ? { ret, start } : op === "reserve" ? { ret } : {};
    return {
      expected: { ...result, ...(nodes && { nodes }), ...(stack && { stack }), ...(bysize && { bysize }) },
      found: {
        ...this.#apply(operation),
        ...(nodes && { nodes: this.#listNodes() }),
        ...(stack && { stack: this.#listHoles("recency") }),
        ...(bysize && { bysize: this.#listHoles("size") }),
      },
    };
  }

  #apply(operation: MmOperation): Outcome {
    if (operation.op === "remove") return this.#remove(operation);
    return operation.op === "reserve" ? this.#reserve(operation) : this.#insert(operation);
  }

  #insert({ id, size, align: alignment, color, lo, hi, mode, ret, start }: MmOperation): Outcome {
    if (mode >= ONCE && ret !== 0) return { ret, start };
    const order = ORDERS[mode % ONCE] as SearchOrder;
    const node = this.#allocator.insert({ size, alignment, color, lo, hi, order });
    if (node === null) return { ret: ENOSPC, start: -1 };
    this.#nodes.set(id, node);
    return { ret: 0, start: node.start };
  }

  #reserve({ id, start, size, color }: MmOperation): Outcome {
    const node = this.#allocator.reserve({ start, size, color });
    if (node === null) return { ret: ENOSPC };
    this.#nodes.set(id, node);
    return { ret: 0 };
  }

  #remove({ id }: MmOperation): Outcome {
    const node = this.#nodes.get(id);
    // A node that only the kernel has: the divergence was counted when the core refused it.
    if (node === undefined) return {};
    this.#nodes.delete(id);
    this.#allocator.remove(node);
    return {};
  }

  #listNodes(): NodeLine[] {
    const ids = new Map([...this.#nodes].map(([id, { handle }]) => [handle, id]));
    return [...this.#allocator.nodes()].map(({ handle, start, size }) => [ids.get(handle) ?? -1, start, size]);
  }

  #listHoles(by: "recency" | "size"): Range[] {
    return this.#allocator.holes(by).map(({ start, size }) => [start, size]);
  }
}
