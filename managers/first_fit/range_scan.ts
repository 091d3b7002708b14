import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import { alignUp, type HoleTable } from "./hole_table.ts";
import type { RangeNode } from "./range_requests.ts";
import { HEAD, SpanNode, type SpanRing } from "./span_ring.ts";

/** The request of a scan. */
export interface ScanRequest {
  /** Units, at least 1. */
  readonly size: number;
  /** The start is a multiple of this, at least 1. */
  readonly alignment: number;
  /** First unit that may be used. */
  readonly lo: number;
  /** First unit after the range that may be used, or `Infinity`. */
  readonly hi: number;
}

/** A run of adjacent nodes that were added, with the holes around them. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * Searches for victims whose removal makes a hole (`drm_mm_scan`): the caller adds one removable node after the other,
 * in LRU order, until some of them and the holes between them form a large enough range. Of all such ranges it takes
 * the one for which the fewest units have to be removed.
 *
 * A scan changes nothing, and the allocator must not change during it.
 */
export class RangeScan {
  #ring: SpanRing;
  #holes: HoleTable;
  #request: ScanRequest;
  #isCurrent: () => boolean;
  #added: Set<SpanNode> = new Set();
  #byStart: Map<number, Run> = new Map();
  #byEnd: Map<number, Run> = new Map();
  #victims: readonly RangeNode[] = [];

  /** @internal `isCurrent` tells whether the allocator is unchanged since the scan began. */
  constructor(ring: SpanRing, holes: HoleTable, request: ScanRequest, isCurrent: () => boolean) {
    this.#ring = ring;
    this.#holes = holes;
    this.#request = request;
    this.#isCurrent = isCurrent;
  }

  /** The nodes to remove, by address; empty until enough were added. */
  get victims(): readonly RangeNode[] {
    return this.#victims;
  }

  /**
   * Adds a removable node; adding it again has no effect. O(1) on average until enough were added, then O(nodes of the
   * run) once.
   *
   * @returns Whether enough nodes were added; later calls change nothing.
   * @throws {TtmError} `EINVAL` if the node was not allocated by the allocator, or the allocator was changed.
   */
  add(node: RangeNode): boolean {
    if (!(node instanceof SpanNode) || this.#ring.node(node.row) !== node) {
      throw new TtmError("EINVAL", `Cannot scan: ${show(node)} is not, or no longer, allocated by this allocator`);
    }
    if (!this.#isCurrent()) throw new TtmError("EINVAL", "Cannot scan: the allocator has changed since the scan began");
    if (this.#victims.length > 0) return true;
    if (this.#added.has(node)) return false;
    this.#added.add(node);
    const run = this.#grow(node);
    const { size, alignment, lo, hi } = this.#request;
    if (alignUp(Math.max(run.start, lo), alignment) + size > Math.min(run.end, hi)) return false;
    this.#victims = this.#cheapest(run, this.#nodesAround(node));
    return true;
  }

  /** Joins a node with the adjacent runs and holes. Each run already includes the holes at its ends. */
  #grow(node: SpanNode): Run {
    const before = this.#ring.previous(node.row);
    const nodeEnd = node.start + node.size;
    const left = this.#byEnd.get(node.start);
    const right = this.#byStart.get(nodeEnd);
    const run = {
      start: left?.start ?? (this.#holes.has(before) ? this.#holes.start(before) : node.start),
      end: right?.end ?? (this.#holes.has(node.row) ? this.#holes.end(node.row) : nodeEnd),
    };
    this.#byStart.set(run.start, run);
    this.#byEnd.set(run.end, run);
    return run;
  }

  /** The added nodes of a node's run, by address. */
  #nodesAround(node: SpanNode): SpanNode[] {
    let first = node;
    for (let row = this.#ring.previous(node.row); row !== HEAD; row = this.#ring.previous(row)) {
      const before = this.#ring.node(row) as SpanNode;
      if (!this.#added.has(before)) break;
      first = before;
    }
    const nodes: SpanNode[] = [];
    for (let row = first.row; row !== HEAD; row = this.#ring.next(row)) {
      const next = this.#ring.node(row) as SpanNode;
      if (!this.#added.has(next)) break;
      nodes.push(next);
    }
    return nodes;
  }

  /**
   * The cost falls only where a node ends, so the cheapest range starts at the first aligned address after the end of a
   * node, or at the first of the run.
   */
  #cheapest(run: Run, nodes: readonly SpanNode[]): SpanNode[] {
    const { size, alignment, lo, hi } = this.#request;
    const from = Math.max(run.start, lo);
    const to = Math.min(run.end, hi);
    let [best, bestCost] = [[] as SpanNode[], Infinity];
    let [first, last, cost] = [0, 0, 0];
    for (const end of [from, ...nodes.map((node) => node.start + node.size)]) {
      const start = alignUp(Math.max(end, from), alignment);
      if (start + size > to) break;
      for (; last < nodes.length && (nodes[last] as SpanNode).start < start + size; last++) {
        cost += (nodes[last] as SpanNode).size;
      }
      for (; first < last && endOf(nodes[first]) <= start; first++) cost -= (nodes[first] as SpanNode).size;
      if (cost < bestCost) [best, bestCost] = [nodes.slice(first, last), cost];
    }
    return best;
  }
}

function endOf(node: SpanNode | undefined): number {
  return node === undefined ? Infinity : node.start + node.size;
}
