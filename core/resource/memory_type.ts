import { checkBoolean, checkInteger, checkOptions, show } from "../base/arguments.ts";
import { ANY_CACHING, cachingMask } from "../base/caching.ts";
import { MEMORY_TYPE, type MemoryTypeOptions } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import type { AllocationRequest, MemTypeManager } from "../contract/mem_type_manager.ts";
import { MoveFences } from "./move_fences.ts";

/** One memory type of a device, with the manager that allocates its pages. */
export class MemoryType {
  readonly name: string;
  /** Position among the device's types; 0 is SYSTEM. */
  readonly index: number;
  readonly pages: number;
  readonly fixed: boolean;
  readonly mappable: boolean;
  readonly cma: boolean;
  readonly availableCaching: number;
  readonly defaultCaching: number;
  /** The device address of its first page, in bytes. */
  readonly gpuOffset: number;
  /** Null for SYSTEM, and for a type without a manager, where nothing can be placed. */
  manager: MemTypeManager | null;
  /** Whether new resources are allowed; existing ones stay. */
  used = true;
  /** Pages of all resources in it. */
  usedPages = 0;
  /** Number of resources in it. */
  residents = 0;
  /** Number of its resources on the pinned list. */
  pinned = 0;
  /** Number of the others whose buffers are expected to be used. */
  expected = 0;
  /** The copies out of freed ranges. */
  moveFences: MoveFences = new MoveFences();

  constructor(options: MemoryTypeOptions, index: number, manager: MemTypeManager | null) {
    const what = "create device";
    checkOptions(what, options, MEMORY_TYPE, `memory type ${index}`);
    const { name, pages = 0, fixed = false, gpuOffset = 0, defaultCaching = "cached" } = options;
    const { mappable = true, cma = true } = options;
    checkBoolean(what, `the flag fixed of ${show(name)}`, fixed);
    checkBoolean(what, `the flag mappable of ${show(name)}`, mappable);
    checkBoolean(what, `the flag cma of ${show(name)}`, cma);
    if (typeof name !== "string" || name === "" || (index === 0) !== (name === "system") || (index === 0 && fixed)) {
      throw new TtmError(
        "EINVAL",
        `Cannot ${what}: memory type ${index} cannot be ${fixed ? "fixed and " : ""}named ${show(name)}`,
      );
    }
    this.name = name;
    this.index = index;
    this.pages = checkInteger(what, `the pages of ${show(name)}`, pages, index === 0 ? 0 : 1, Number.MAX_SAFE_INTEGER);
    this.fixed = fixed;
    this.mappable = mappable;
    this.cma = cma;
    this.gpuOffset = checkInteger(what, `the gpuOffset of ${show(name)}`, gpuOffset, 0, Number.MAX_SAFE_INTEGER);
    this.availableCaching = options.availableCaching === undefined
      ? ANY_CACHING
      : cachingMask(options.availableCaching);
    this.defaultCaching = cachingMask([defaultCaching]);
    this.manager = manager;
    if (this.availableCaching === 0 || this.defaultCaching === 0) {
      throw new TtmError("EINVAL", `Cannot ${what}: ${show(name)} has an unknown caching attribute`);
    }
  }

  get isSystem(): boolean {
    return this.index === 0;
  }

  /** Whether new resources can be allocated in this memory type. */
  get usable(): boolean {
    return this.used && (this.isSystem || this.manager !== null);
  }

  /** Whether a request would fit if the memory type were empty. */
  canFit(request: AllocationRequest): boolean {
    const { manager } = this;
    if (manager?.canFit !== undefined) return manager.canFit(request);
    const { pages, alignment, fpfn } = request;
    const end = Math.min(request.lpfn, this.pages);
    if (manager !== null && manager.startOf === undefined) return fpfn === 0 && end === this.pages && pages <= end;
    const beyond = fpfn % alignment;
    const start = beyond === 0 ? fpfn : fpfn - beyond + alignment;
    return start + pages <= end;
  }

  /** Whether evicting the owner of these pages could make room in [fpfn, lpfn). */
  intersects(handle: number, start: number, pages: number, fpfn: number, lpfn: number): boolean {
    if (handle === 0 || this.manager === null) return true;
    if (this.manager.intersects !== undefined) return this.manager.intersects(handle, pages, fpfn, lpfn);
    return start < lpfn && start + pages > fpfn;
  }

  /** Whether these pages lie in [fpfn, lpfn). */
  compatible(handle: number, start: number, pages: number, fpfn: number, lpfn: number): boolean {
    if (handle === 0 || this.manager === null) return true;
    if (this.manager.compatible !== undefined) return this.manager.compatible(handle, pages, fpfn, lpfn);
    return start >= fpfn && start + pages <= lpfn;
  }
}
