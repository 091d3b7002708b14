import {
  type AllocationRequest,
  type Fence,
  LATER,
  type MemTypeManager,
  NO_ROOM,
  PAGE_SIZE,
  TtmError,
} from "@ttm/core";
import { checkInteger } from "@ttm/core/arguments";
import { type ChunkKind, Range } from "./chunk.ts";
import type { GpuMemory } from "./memory.ts";

const NAME = "webgpu-slabs";

/** What a request is for. */
export type KindOf = (request: AllocationRequest) => ChunkKind;

/**
 * The manager of VRAM over WebGPU: it serves requests with ranges of slabs, and with `GPUBuffer`s. It has no addresses:
 * the driver finds a range by its handle.
 */
export class Slabs implements MemTypeManager {
  readonly name: string = NAME;
  usedPages = 0;
  #pages = 0;
  #memory: GpuMemory;
  #kindOf: KindOf;
  #busy: () => Fence | null;
  #freeing: Fence | null = null;

  /** `busy` is a fence to wait for before anything can be allocated, or null; it throws if nothing can be any more. */
  constructor(memory: GpuMemory, kindOf: KindOf, busy: () => Fence | null) {
    this.#memory = memory;
    this.#kindOf = kindOf;
    this.#busy = busy;
  }

  get freeing(): Fence | null {
    return this.#freeing;
  }

  init(pages: number): void {
    checkInteger(`set up ${NAME}`, "pages", pages, 1, Number.MAX_SAFE_INTEGER);
    if (this.#pages > 0) {
      throw new TtmError("EINVAL", `Cannot set up ${NAME}: it is in charge of ${this.#pages} pages already`);
    }
    this.#pages = pages;
  }

  allocate(request: AllocationRequest): number {
    this.#mustBeSetUp("allocate");
    const { pages, alignment } = request;
    if (!this.#isWhole(request) || this.usedPages + pages > this.#pages + this.#memory.pagesAdded) return NO_ROOM;
    this.#freeing = this.#busy();
    if (this.#freeing !== null) return LATER;
    const found = this.#memory.take(pages, alignment, this.#kindOf(request));
    if (found instanceof Range) {
      this.usedPages += pages;
      return found.handle;
    }
    if (found === "no-room") return NO_ROOM;
    this.#freeing = this.#memory.freeing;
    return LATER;
  }

  canFit(request: AllocationRequest): boolean {
    return this.#isWhole(request) && request.pages * PAGE_SIZE <= this.#memory.roomForBuffers;
  }

  free(handle: number): void {
    this.#mustBeSetUp("free");
    const range = this.#memory.rangeOf(handle);
    if (range === null) throw new TtmError("EINVAL", `Cannot free: ${NAME} did not hand out handle ${handle}`);
    this.#memory.give(range);
    this.usedPages -= range.pages;
  }

  intersects(_handle: number, _pages: number, fpfn: number, lpfn: number): boolean {
    return fpfn === 0 && lpfn >= this.#pages;
  }

  /** A range that a new device had no memory for is left for another one. */
  compatible(handle: number, _pages: number, fpfn: number, lpfn: number): boolean {
    return this.#memory.rangeOf(handle)?.chunk.buffer !== null && fpfn === 0 && lpfn >= this.#pages;
  }

  takedown(): boolean {
    this.#mustBeSetUp("take down");
    if (this.usedPages > 0) return false;
    this.#memory.shrink();
    this.#pages = 0;
    return true;
  }

  debug(): string {
    return `${this.usedPages} pages used\n${this.#memory.debug()}`;
  }

  #isWhole({ fpfn, lpfn }: AllocationRequest): boolean {
    return fpfn === 0 && lpfn >= this.#pages;
  }

  #mustBeSetUp(what: string): void {
    if (this.#pages === 0) throw new TtmError("EINVAL", `Cannot ${what}: ${NAME} is in charge of no pages`);
  }
}

/**
 * The manager of a driver's VRAM, to be named in the `managers` of its device.
 *
 * @example A device with VRAM of 1 MiB
 * ```ts
 * import { BoDevice } from "@ttm/core";
 * import { slabs, WebGpu } from "@ttm/webgpu";
 *
 * function open(gpu: GPUDevice): BoDevice {
 *   const driver = new WebGpu({ device: gpu, budget: 1 << 20 });
 *   return new BoDevice({ driver, managers: { vram: slabs(driver) } });
 * }
 * ```
 */
export function slabs(driver: { readonly slabs: MemTypeManager }): MemTypeManager {
  return driver.slabs;
}
