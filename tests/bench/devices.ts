import {
  BoDevice,
  type BufferObject,
  type Driver,
  type EvictionPolicy,
  type MemTypeManager,
  type MoveRequest,
  PAGE_SIZE,
  PagePool,
  type PreparedPlacement,
  type Tracer,
  TranslationTable,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { randomNumbers, shuffled } from "../../replay/workloads/random.ts";

/** A card that evicts to host memory; without contents it moves nothing, so that only the core's work is left. */
class Card implements Driver {
  readonly name = "card";
  readonly memoryTypes: Driver["memoryTypes"];
  readonly evictPlacement: Driver["evictPlacement"];
  readonly supports: { readonly contents: boolean };
  #vram: Uint8Array | null;
  #pool: PagePool = new PagePool();

  constructor(pages: number, hasContents: boolean) {
    this.#vram = hasContents ? new Uint8Array(pages * PAGE_SIZE) : null;
    this.supports = { contents: hasContents };
    this.memoryTypes = [{ name: "system" }, { name: "vram", pages, fixed: true }];
    const system = { placement: [{ memoryType: "system" }] };
    this.evictPlacement = () => system;
  }

  createTranslationTable({ pages }: BufferObject): TranslationTable {
    return this.#vram === null ? new TranslationTable(pages, nothing) : this.#pool.table(pages);
  }

  move({ source, destination, pages }: MoveRequest): void {
    if (this.#vram === null) return;
    const target = this.#bytesAt(this.#vram, destination, pages);
    if (source === null) target.fill(0);
    else target.set(this.#bytesAt(this.#vram, source, pages));
  }

  #bytesAt(vram: Uint8Array, { start, table }: MoveRequest["destination"], pages: number): Uint8Array {
    if (table !== null) return table.contents as Uint8Array;
    return vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
  }
}

function nothing(): null {
  return null;
}

/** What a measured device is made of. */
export interface FleetOptions {
  /** Sizes of the buffers in pages. */
  readonly sizes: readonly number[];
  /** Pages of VRAM. @default {as many as the buffers have} */
  readonly vram?: number;
  /** Whether bytes are moved. @default {false} */
  readonly hasContents?: boolean;
  /** @default {first fit, lowest hole} */
  readonly manager?: MemTypeManager;
  /** @default {none} */
  readonly tracer?: Tracer;
  /** @default {the kernel's} */
  readonly policy?: EvictionPolicy;
}

/** Many buffers on one device, each of which has been in VRAM. */
export interface Fleet {
  readonly device: BoDevice;
  readonly buffers: readonly BufferObject[];
  readonly vram: PreparedPlacement;
  readonly system: PreparedPlacement;
}

/** Makes a device and its buffers. */
export function makeFleet(options: FleetOptions): Fleet {
  const { sizes, vram: pages = sum(sizes), hasContents = false, manager = firstFit(), tracer = {}, policy } = options;
  const device = new BoDevice({
    driver: new Card(pages, hasContents),
    managers: { vram: manager },
    tracer,
    ...(policy && { policy }),
  });
  const vram = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
  const system = device.preparePlacement({ placement: [{ memoryType: "system" }] });
  const buffers = sizes.map((size) => device.createBuffer({ bytes: size * PAGE_SIZE }));
  for (const buffer of buffers) use(buffer, vram);
  return { device, buffers, vram, system };
}

/** What is measured most: reserves a buffer, brings it to a place, and unreserves it. */
export function use(buffer: BufferObject, placement: PreparedPlacement): void {
  buffer.tryReserve();
  buffer.tryValidate(placement);
  buffer.unreserve();
}

/** Many of the same size. */
export function equalSizes(count: number, pages: number): number[] {
  return Array.from({ length: count }, () => pages);
}

/** Sizes from 1 to `most` pages, each as likely as the next. */
export function mixedSizes(count: number, most: number): number[] {
  const random = randomNumbers(1);
  return Array.from({ length: count }, () => 1 + Math.floor(random() * most));
}

/** The sum of some numbers. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The numbers below `count` in an order that caches do not foresee. */
export function order(count: number): number[] {
  return shuffled([...Array(count).keys()], randomNumbers(2));
}

/** The elements that stand in these places of a list. */
export function pick<Element, Places extends readonly number[]>(
  list: readonly Element[],
  places: Places,
): { [At in keyof Places]: Element } {
  return places.map((at) => list[at]) as { [At in keyof Places]: Element };
}

/** Draws numbers below `count` by Zipf's law: the one in place k of a shuffled order as often as 1/k^exponent. */
export function zipf(count: number, length: number, exponent: number): number[] {
  const random = randomNumbers(3);
  const ranked = order(count);
  const cumulated: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= count; rank++) cumulated.push(total += rank ** -exponent);
  return Array.from({ length }, () => ranked[firstAtLeast(cumulated, random() * total)] as number);
}

/** Where in a rising list the first number stands that is at least this one. */
function firstAtLeast(rising: readonly number[], wanted: number): number {
  let [low, high] = [0, rising.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] ?? Infinity) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
