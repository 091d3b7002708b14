import type { Allocation, AllocationRequest, Fence, ManagerNode, MemTypeManager } from "@ttm/core";
import { TtmError } from "@ttm/core";
import { checkInteger, show } from "@ttm/core/arguments";

const NAME = "byte-budget";

/** A number of pages of the budget; their addresses are up to the device. */
export interface BudgetNode extends ManagerNode {
  /** Size in pages. */
  readonly pages: number;
}

/** A driver that destroys the memory of freed nodes. */
export interface Retiring {
  /** Signals when the memory of all buffers destroyed so far is free. */
  readonly retired: Fence;
}

/**
 * Makes a manager that allocates a number of pages instead of addresses: for memory whose layout the device decides, as
 * with WebGPU. Freed pages count as used until the driver signals that their memory is free; an allocation that needs
 * them until then waits.
 *
 * Alignment is ignored; a place with a range never has space.
 *
 * @param driver The driver of the memory; without one, freed pages are free at once.
 * @throws {TtmError} `EINVAL` if the driver does not tell when destroyed memory is free.
 *
 * @example Two pages
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { byteBudget } from "@ttm/webgpu";
 *
 * const manager = byteBudget();
 * manager.init(2);
 * const request = { pages: 2, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: true };
 * const node = manager.allocate(request);
 * assertEquals([manager.usedPages, manager.allocate(request)], [2, "no-room"]);
 * if (typeof node === "object") manager.free(node);
 * ```
 */
export function byteBudget(driver?: Retiring): MemTypeManager<BudgetNode> {
  if (driver !== undefined && !isRetiring(driver)) {
    throw new TtmError("EINVAL", `Cannot make a ${NAME} manager: ${show(driver)} does not tell what is retired`);
  }
  return new ByteBudget(driver ?? null);
}

function isRetiring(driver: unknown): boolean {
  return typeof driver === "object" && driver !== null && "retired" in driver;
}

class ByteBudget implements MemTypeManager<BudgetNode> {
  readonly name = NAME;
  readonly addresses = false;
  usedPages = 0;
  freeing: Fence | null = null;
  #pages = 0;
  #driver: Retiring | null;
  #retiringPages = 0;
  #nodes: Set<BudgetNode> = new Set();

  constructor(driver: Retiring | null) {
    this.#driver = driver;
  }

  init(pages: number): void {
    checkInteger(`set up ${NAME}`, "pages", pages, 1, Number.MAX_SAFE_INTEGER);
    if (this.#pages > 0) {
      throw new TtmError("EINVAL", `Cannot set up ${NAME}: it is in charge of ${this.#pages} pages already`);
    }
    this.#pages = pages;
  }

  allocate({ pages, fpfn, lpfn }: AllocationRequest): Allocation<BudgetNode> {
    this.#mustBeSetUp("allocate");
    if (this.usedPages + pages > this.#pages || !this.#isWhole(fpfn, lpfn)) return "no-room";
    if (this.usedPages + this.#retiringPages + pages > this.#pages) return "later";
    const node = { start: 0, pages };
    this.#nodes.add(node);
    this.usedPages += pages;
    return node;
  }

  free(node: BudgetNode): void {
    this.#mustBeSetUp("free");
    if (!this.#nodes.delete(node)) throw new TtmError("EINVAL", `Cannot free pages: ${NAME} did not hand them out`);
    const { pages } = node;
    this.usedPages -= pages;
    if (this.#driver === null) return;
    const { retired } = this.#driver;
    this.#retiringPages += pages;
    this.freeing = retired;
    retired.onSignal(() => this.#retiringPages -= pages);
  }

  intersects(_node: BudgetNode, _pages: number, fpfn: number, lpfn: number): boolean {
    return this.#isWhole(fpfn, lpfn);
  }

  compatible(_node: BudgetNode, _pages: number, fpfn: number, lpfn: number): boolean {
    return this.#isWhole(fpfn, lpfn);
  }

  takedown(): boolean {
    this.#mustBeSetUp("take down");
    if (this.usedPages > 0) return false;
    this.#pages = 0;
    return true;
  }

  debug(): string {
    const free = this.#pages - this.usedPages - this.#retiringPages;
    return `${this.usedPages} used\n${this.#retiringPages} about to be free\n${free} free`;
  }

  #isWhole(fpfn: number, lpfn: number): boolean {
    return fpfn === 0 && lpfn >= this.#pages;
  }

  #mustBeSetUp(what: string): void {
    if (this.#pages === 0) throw new TtmError("EINVAL", `Cannot ${what}: ${NAME} is in charge of no pages`);
  }
}
