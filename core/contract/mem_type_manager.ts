import type { Fence } from "../lock/fence.ts";

/** What a memory-type manager is asked for. Read it during the call only: the core reuses the object. */
export interface AllocationRequest {
  /** Size in pages, at least 1. */
  readonly pages: number;
  /** The start must be a multiple of this many pages; 1 means no constraint. Need not be a power of two. */
  readonly alignment: number;
  /** First page that may be used. */
  readonly fpfn: number;
  /** First page that may not be used any more; `Infinity` means up to the end of the memory type. */
  readonly lpfn: number;
  /** Search from the highest address down. */
  readonly topDown: boolean;
  /** The pages must be physically adjacent. Managers that only hand out single ranges ignore it. */
  readonly contiguous: boolean;
}

/** A piece of a memory type. Managers add what they need to free it. */
export interface ManagerNode {
  /** First page of the range. */
  readonly start: number;
}

/**
 * What a request comes to: a node; `"no-room"`, so that the core evicts or tries elsewhere;
 * `"busy"`, the manager cannot serve now and evicting would not help, so that the call ends with `EBUSY`; or `"later"`,
 * enough has been given back and is free when {@linkcode MemTypeManager.freeing} signals: the core tries other places that
 * have room already, and else waits instead of evicting.
 */
export type Allocation<Node extends ManagerNode = ManagerNode> = Node | "no-room" | "busy" | "later";

/** Looks for neighbours whose leaving makes room. Nothing is allocated or freed while it goes on. */
export interface EvictionScan<Node extends ManagerNode = ManagerNode> {
  /** One more that could leave, the one to be missed least first. Returns whether there are enough now. */
  add(node: Node): boolean;
  /** Those who have to leave, among those that were added; empty as long as there are not enough. */
  readonly victims: readonly Node[];
}

/** Whether a value looks like a manager. */
export function isManager(value: unknown): value is MemTypeManager {
  const manager = value as Partial<MemTypeManager> | null | undefined;
  return typeof manager?.init === "function" && typeof manager.allocate === "function";
}

/**
 * Hands out the pages of one memory type. All members are synchronous and must not call back into the device.
 *
 * A manager *must not* throw from {@linkcode allocate} for want of space, and *must* leave everything
 * unchanged when it returns no node.
 *
 * @typeParam Node The manager's own node type; the core passes nodes back untouched.
 */
export interface MemTypeManager<Node extends ManagerNode = ManagerNode> {
  /** For messages and dumps, for example `"first-fit"`. */
  readonly name: string;
  /** False: it only counts pages, the starts of its nodes mean nothing, and places with a range have no room. @default {true} */
  readonly addresses?: boolean;
  /** Takes charge of the pages [0, `pages`). Called once, and again only after a successful {@linkcode takedown}. */
  init(pages: number): void;
  /** Signals when what has been given back is free. For managers that answer `"later"`. */
  readonly freeing?: Fence | null;
  /** Finds room; a value, never an exception, says that there is none. */
  allocate(request: AllocationRequest): Allocation<Node>;
  /**
   * Begins to look for those who have to leave so that a request fits; for managers whose ranges are contiguous. Left out,
   * the core evicts in the order of its policy, wherever the pages are, until the request fits.
   */
  scan?(request: AllocationRequest): EvictionScan<Node>;
  /**
   * Whether the request would have room if nothing were handed out; for one that would not, nobody is evicted. Left out, the
   * core compares its size, alignment and range with the pages in charge.
   */
  canFit?(request: AllocationRequest): boolean;
  /** Takes a node of {@linkcode allocate} back; called exactly once for each. */
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
  /** Pages handed out now. */
  readonly usedPages: number;
  /**
   * Pages of the largest hole, for managers that give each request one range: an `ENOMEM` on a fragmented type names it.
   * Asked only when there is no room. Left out, nothing is said.
   */
  readonly largestHole?: number;
  /** A readable dump, one line for each range. */
  debug(): string;
}
