import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import { alignUp, type HoleTable } from "./hole_table.ts";
import type { RangeNode } from "./range_requests.ts";
import { HEAD, SpanNode, type SpanRing } from "./span_ring.ts";

/** What a scan looks for. */
export interface ScanRequest {
  /** Units, at least 1. */
  readonly size: number;
  /** The start must be a multiple of this, at least 1. */
  readonly alignment: number;
  /** First unit that may be used. */
  readonly lo: number;
  /** First unit that may not be used any more, or `Infinity`. */
  readonly hi: number;
}

/** Neighbours that have been added, with the holes around them. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * Looks for nodes whose removal makes room (`drm_mm_scan`): it is told of one node after the other that could be removed,
 * the one to be missed least first, until some of them and the holes between them make a hole that is large enough. Of all
 * such holes it takes the one for which the fewest units have to be removed.
 *
 * Nothing is changed by it, and nothing may be changed while it goes on.
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

  /** @internal `isCurrent` tells whether the allocator is as it was. */
  constructor(ring: SpanRing, holes: HoleTable, request: ScanRequest, isCurrent: () => boolean) {
    this.#ring = ring;
    this.#holes = holes;
    this.#request = request;
    this.#isCurrent = isCurrent;
  }

  /** The nodes that have to be removed, by address; empty as long as there are not enough. */
  get victims(): readonly RangeNode[] {
    return this.#victims;
  }

  /**
   * Adds a node that could be removed; one that was added before makes no difference. O(1) on average until there are
   * enough, then O(nodes of the run) once.
   *
   * @returns Whether there are enough now; later calls change nothing any more.
   * @throws {TtmError} `EINVAL` if the node is not one that the allocator has handed out, or the allocator was changed.
   */
  add(node: RangeNode): boolean {
    if (!(node instanceof SpanNode) || this.#ring.node(node.row) !== node) {
      throw new TtmError("EINVAL", `Cannot scan: ${show(node)} is not in this allocator, or no longer`);
    }
    if (!this.#isCurrent()) throw new TtmError("EINVAL", "Cannot scan: the allocator was changed meanwhile");
    if (this.#victims.length > 0) return true;
    if (this.#added.has(node)) return false;
    this.#added.add(node);
    const run = this.#grow(node);
    const { size, alignment, lo, hi } = this.#request;
    if (alignUp(Math.max(run.start, lo), alignment) + size > Math.min(run.end, hi)) return false;
    this.#victims = this.#cheapest(run, this.#nodesAround(node));
    return true;
  }

  /** Joins a node with the runs and holes beside it. Each run has taken the holes at its ends. */
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

  /** The cost falls only where a node ends, so the cheapest hole starts at the first fit behind an end, or at the first of all. */
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
