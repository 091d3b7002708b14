import { checkArray, checkBoolean, checkInteger, checkOptions, optionNames, show } from "../base/arguments.ts";
import { TtmError } from "../base/errors.ts";
import type { Operation } from "./operation.ts";
import { BLOCKED, DONE, ENOMEM, type Outcome } from "../base/outcome.ts";

export const MEMORY_LIMITS: ReadonlySet<string> = optionNames<MemoryLimits>({ zones: true, pages: true });
export const MEMORY_ZONE: ReadonlySet<string> = optionNames<MemoryZone>({
  name: true,
  bytes: true,
  maxBytes: true,
  emergencyBytes: true,
  swapBytes: true,
  dma32: true,
});

/** A part of host memory with limits on its use by buffers. All sizes in bytes. */
export interface MemoryZone {
  /** Name of the zone, for messages and {@linkcode MemoryAccountant.zone}. */
  readonly name: string;
  /** Size of the zone. */
  readonly bytes: number;
  /** Maximum use by buffers. @default {half of the zone} */
  readonly maxBytes?: number;
  /** Maximum use when a buffer of kind `"kernel"` asks for memory. @default {three quarters of the zone} */
  readonly emergencyBytes?: number;
  /** Use above which buffers are swapped out in the background. @default {three eighths of the zone} */
  readonly swapBytes?: number;
  /** Whether pages count here only for devices that need 32-bit addresses; structures count always. @default {false} */
  readonly dma32?: boolean;
}

/** Limits of the host memory that buffers use. */
export interface MemoryLimits {
  /** Hard limits: a use that would exceed one even after swapouts fails with `ENOMEM`. @default {none} */
  readonly zones?: readonly MemoryZone[];
  /**
   * A soft limit of populated pages: above it buffers are swapped out; it is exceeded if none can be swapped out.
   * @default {none}
   */
  readonly pages?: number;
}

/** Use of a memory zone, in bytes. */
export interface ZoneUsage {
  /** Its name. */
  readonly name: string;
  /** Current use by buffers. */
  readonly usedBytes: number;
  /** Maximum use by buffers. */
  readonly maxBytes: number;
}

/** Frees memory for an operation. Returns the number of pages freed, 0 if none can be, or the outcome of a failure. */
export type Shrinker = (op: Operation) => number | Outcome;

/** A use of host memory. */
export interface Charge {
  readonly bytes: number;
  /** Number of populated pages, which count towards the soft limit. */
  readonly pages: number;
  readonly dma32: boolean;
  readonly privileged: boolean;
}

type Zone = Required<MemoryZone> & { used: number };

const MAX_SHRINKS = 4;

/** Accounts for the host memory of all buffers of a global and enforces its limits by swapping buffers out. */
export class MemoryAccountant {
  #zones: Zone[];
  #pageLimit: number;
  #usedPages = 0;
  #shrinker: Shrinker | null = null;
  /** @internal Schedules a swapout that does not wait, if a zone is above its swap limit. */
  shrinkInBackground: () => void = () => {};
  /** @internal Number of devices that share the accountant. */
  devices = 0;
  #usedBytes = 0;

  /** Checks the limits. */
  constructor(limits: MemoryLimits = {}) {
    const what = "create global";
    checkOptions(what, limits, MEMORY_LIMITS, "limits");
    const { zones = [], pages = Infinity } = limits;
    checkArray(what, "limits.zones", zones);
    this.#zones = zones.map(completeZone);
    this.#pageLimit = pages === Infinity ? pages : checkInteger(what, "limits.pages", pages, 0, 2 ** 40);
  }

  /** Number of pages that buffers have populated. */
  get usedPages(): number {
    return this.#usedPages;
  }

  /** Bytes in use: populated pages and the buffers' own structures. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The use of a zone; throws `EINVAL` for an unknown one. */
  zone(name: string): ZoneUsage {
    const zone = this.#zones.find((zone) => zone.name === name);
    if (zone === undefined) {
      throw new TtmError("EINVAL", `Cannot get the usage of zone ${show(name)}: there is no such zone`);
    }
    return { name, usedBytes: zone.used, maxBytes: zone.maxBytes };
  }

  /** @internal Registers the shrinker, and the function that schedules one in the background; only one is allowed. */
  registerShrinker(shrinker: Shrinker, soon: () => void = () => {}): void {
    if (this.#shrinker !== null) throw new TtmError("EBUSY", "Cannot register shrinker: there already is one");
    this.#shrinker = shrinker;
    this.shrinkInBackground = soon;
  }

  /** @internal Counts a use if the limits allow it, calling the shrinker in at most four rounds per operation. */
  charge(charge: Charge, op: Operation): Outcome {
    while (this.#exceeds(charge)) {
      const zone = this.#tooSmall(charge);
      if (zone !== undefined) return op.fail(neverFits(charge, zone), ENOMEM);
      if (op.noWait || op.shrinks >= MAX_SHRINKS) return ENOMEM;
      op.shrinks++;
      const outcome = this.#shrinkWhile(() => this.#exceeds(charge), op);
      if (outcome !== DONE) return outcome;
    }
    this.#count(charge, 1);
    const outcome = charge.pages > 0 ? this.keepPageLimit(op) : DONE;
    if (outcome !== DONE) this.#count(charge, -1);
    return outcome;
  }

  /** @internal Shrinks while more pages are populated than the page limit allows, until no device can give any. */
  keepPageLimit(op: Operation): Outcome {
    if (this.#usedPages <= this.#pageLimit) return DONE;
    return this.#shrinkWhile(() => this.#usedPages > this.#pageLimit, op);
  }

  /** @internal Counts a use without checking the limits. */
  count(charge: Charge): void {
    this.#count(charge, 1);
  }

  /** @internal Subtracts a use. */
  uncharge(charge: Charge): void {
    this.#count(charge, -1);
  }

  /** @internal Whether a zone is above its swap limit, so that buffers should be swapped out in the background. */
  get aboveSwapLimit(): boolean {
    for (const zone of this.#zones) if (zone.used > zone.swapBytes) return true;
    return false;
  }

  /** @internal Swaps out until no zone is above its swap limit, or no buffer can be swapped out. */
  shrinkToSwapLimit(op: Operation): Outcome {
    return this.#shrinkWhile(() => this.aboveSwapLimit, op);
  }

  #shrinkWhile(condition: () => boolean, op: Operation): Outcome {
    while (condition()) {
      const freed = this.#shrinker?.(op) ?? 0;
      if (freed === BLOCKED) return BLOCKED;
      if (freed <= 0) break;
    }
    return DONE;
  }

  #exceeds(charge: Charge): boolean {
    for (const zone of this.#zones) {
      if (counts(zone, charge.dma32) && zone.used + charge.bytes > limitOf(zone, charge)) return true;
    }
    return false;
  }

  /** A zone whose limit the charge alone would exceed. */
  #tooSmall(charge: Charge): Zone | undefined {
    return this.#zones.find((zone) => counts(zone, charge.dma32) && charge.bytes > limitOf(zone, charge));
  }

  #count({ bytes, pages, dma32 }: Charge, sign: 1 | -1): void {
    this.#usedPages += sign * pages;
    this.#usedBytes += sign * bytes;
    for (const zone of this.#zones) if (counts(zone, dma32)) zone.used += sign * bytes;
  }
}

function counts(zone: Zone, dma32: boolean): boolean {
  return dma32 || !zone.dma32;
}

function limitOf(zone: Zone, { privileged }: Charge): number {
  return privileged ? zone.emergencyBytes : zone.maxBytes;
}

function neverFits(charge: Charge, zone: Zone): TtmError {
  const limit = limitOf(zone, charge);
  return new TtmError(
    "ENOMEM",
    `${charge.bytes} bytes can never fit into zone "${zone.name}", whose limit is ${limit} bytes`,
  );
}

function completeZone(zone: MemoryZone, at: number): Zone {
  const what = "create global";
  checkOptions(what, zone, MEMORY_ZONE, `zone ${at}`);
  const { name, bytes, dma32 = false } = zone;
  if (typeof name !== "string" || name === "") {
    throw new TtmError("EINVAL", `Cannot ${what}: zone ${at} cannot be named ${show(name)}`);
  }
  checkBoolean(what, `dma32 of zone "${name}"`, dma32);
  checkInteger(what, `the bytes of zone "${name}"`, bytes, 1, Number.MAX_SAFE_INTEGER);
  const { maxBytes = bytes / 2, emergencyBytes = bytes * 3 / 4, swapBytes = bytes * 3 / 8 } = zone;
  for (const limit of [maxBytes, emergencyBytes, swapBytes]) {
    if (typeof limit === "number" && limit >= 0 && limit <= bytes) continue;
    throw new TtmError(
      "EINVAL",
      `Cannot ${what}: zone "${name}" of ${bytes} bytes cannot have the limit ${show(limit)}`,
    );
  }
  return { name, bytes, maxBytes, emergencyBytes, swapBytes, dma32, used: 0 };
}
