import type { BufferView } from "./buffer_view.ts";
import type { Fence } from "../lock/fence.ts";
import type { ManagerNode } from "./manager_node.ts";

/** A request for pages of a memory type. Valid during the call only: the core reuses the object. */
export interface AllocationRequest {
  /** The buffer that the pages are for. The core always names it; suites that call a manager themselves do not. */
  readonly buffer?: BufferView;
  /** Size in pages, at least 1. */
  readonly pages: number;
  /** The start must be a multiple of this many pages; 1 means no constraint. Need not be a power of two. */
  readonly alignment: number;
  /** First page that may be used. */
  readonly fpfn: number;
  /** End of the range: the first page that may not be used; `Infinity` means up to the end of the memory type. */
  readonly lpfn: number;
  /** Search from the highest address down. */
  readonly topDown: boolean;
  /** The pages must be physically adjacent. Managers that only allocate single ranges ignore it. */
  readonly contiguous: boolean;
}

/**
 * The result of a request: a node; `"no-room"`: the core evicts or tries elsewhere; `"busy"`: the manager cannot serve
 * the request now and evicting would not help, so the call ends with `EBUSY`; or `"later"`: enough pages have been
 * returned and are free when {@linkcode MemTypeManager.freeing} signals, so the core tries the other places without
 * evicting, and waits for that fence if none has room.
 */
export type Allocation<Node extends ManagerNode = ManagerNode> = Node | "no-room" | "busy" | "later";

/** A search for neighbouring nodes whose eviction makes room. Nothing is allocated or freed during the search. */
export interface EvictionScan<Node extends ManagerNode = ManagerNode> {
  /** Adds a node that may be evicted; nodes come in the order of eviction. Returns whether the added ones suffice. */
  add(node: Node): boolean;
  /** The added nodes that have to be evicted; empty as long as the added ones do not suffice. */
  readonly victims: readonly Node[];
}

/** Whether a value has the essential members of a manager. */
export function isManager(value: unknown): value is MemTypeManager {
  const manager = value as Partial<MemTypeManager> | null | undefined;
  return typeof manager?.init === "function" && typeof manager.allocate === "function";
}

/**
 * Allocates the pages of one memory type. All members are synchronous and must not call back into the device.
 *
 * A manager *must not* throw from {@linkcode allocate} for lack of space, and *must* leave everything unchanged when it
 * returns no node.
 *
 * @typeParam Node The manager's own node type; the core passes nodes back untouched.
 */
export interface MemTypeManager<Node extends ManagerNode = ManagerNode> {
  /** For messages and dumps, for example `"first-fit"`. */
  readonly name: string;
  /**
   * False if it only counts pages: the starts of its nodes are meaningless, and places with a range have no room.
   * @default {true}
   */
  readonly addresses?: boolean;
  /** Takes charge of the pages [0, `pages`). Called once, and again only after a successful {@linkcode takedown}. */
  init(pages: number): void;
  /** Signals when the pages that were returned are free. For managers that return `"later"`. */
  readonly freeing?: Fence | null;
  /** Allocates a node; returns `"no-room"`, `"busy"` or `"later"` if it cannot. */
  allocate(request: AllocationRequest): Allocation<Node>;
  /**
   * Begins a search for the nodes to evict so that a request fits; for managers whose ranges are contiguous. Left out,
   * the core evicts in the order of its eviction policy, wherever the pages are, until the request fits.
   */
  scan?(request: AllocationRequest): EvictionScan<Node>;
  /**
   * Whether the request would fit if nothing were allocated; if not, no buffer is evicted for it. Left out, the core
   * compares its size, alignment and range with the pages of the memory type.
   */
  canFit?(request: AllocationRequest): boolean;
  /** Frees a node of {@linkcode allocate}; called exactly once for each. */
  free(node: Node): void;
  /**
   * Whether evicting the owner of `node` could make room in [fpfn, lpfn) pages. Left out, the core compares
   * [start, start + pages) with the range.
   */
  intersects?(node: Node, pages: number, fpfn: number, lpfn: number): boolean;
  /** Whether `node` lies wholly in [fpfn, lpfn) pages. Left out, the core compares the range. */
  compatible?(node: Node, pages: number, fpfn: number, lpfn: number): boolean;
  /** Gives the pages up if nothing is allocated and returns true; otherwise changes nothing and returns false. */
  takedown(): boolean;
  /** Pages allocated now. */
  readonly usedPages: number;
  /**
   * Pages of the largest free range, for managers that give each request one range: the `ENOMEM` of a fragmented memory
   * type reports it. Read only if there is no room. Left out, it is not reported.
   */
  readonly largestHole?: number;
  /** A readable dump, one line per range. */
  debug(): string;
}
