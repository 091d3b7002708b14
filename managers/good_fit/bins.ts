import { type BlockTable, NONE } from "./block_table.ts";

// Sizes below 64 have a bin each; from there on each doubling is divided into 32.
const STEPS_LOG2 = 5;
const BINS = 28 << STEPS_LOG2;

/**
 * Holes by size: each stands in a *bin*, a list of holes of nearly the same size, the one made last first. A bit for
 * each bin tells whether it has holes, and a bit for each 32 bins whether any of them has (TLSF: Masmano et al., *TLSF:
 * a New Dynamic Memory Allocator for Real-Time Systems*, ECRTS 2004).
 */
export class Bins {
  #blocks: BlockTable;
  #heads: Int32Array = new Int32Array(BINS);
  #occupied: Int32Array = new Int32Array(BINS >> STEPS_LOG2);
  #summary = 0;

  /** Makes empty bins for the blocks of a table. */
  constructor(blocks: BlockTable) {
    this.#blocks = blocks;
  }

  /** Puts a block in as a hole. */
  add(row: number): void {
    const bin = binOf(this.#blocks.size(row));
    this.#blocks.enterBin(row, bin, this.#heads[bin] as number);
    this.#heads[bin] = row;
    const group = bin >> STEPS_LOG2;
    this.#occupied[group] = (this.#occupied[group] as number) | 1 << bin;
    this.#summary |= 1 << group;
  }

  /** Takes a hole out. */
  remove(row: number): void {
    const bin = this.#blocks.bin(row);
    if (this.#heads[bin] === row) this.#setHead(bin, this.#blocks.earlier(row));
    this.#blocks.leaveBin(row);
  }

  /** A hole of a bin in which all are large enough, the bin of the smallest such; {@linkcode NONE} if there is none. */
  surelyFits(size: number): number {
    const bin = binFrom(size);
    const group = bin >> STEPS_LOG2;
    const here = (this.#occupied[group] as number) & -1 << bin;
    if (here !== 0) return this.#heads[group << STEPS_LOG2 | lowestBit(here)] as number;
    const above = this.#summary & ~1 << group;
    if (above === 0) return NONE;
    const next = lowestBit(above);
    return this.#heads[next << STEPS_LOG2 | lowestBit(this.#occupied[next] as number)] as number;
  }

  /** A hole of the bin in which some are large enough and others are not; {@linkcode NONE} if it has none. */
  mayFit(size: number): number {
    return this.#heads[binOf(size)] as number;
  }

  /** A hole of the highest bin that has any; {@linkcode NONE} if there are no holes. */
  get highest(): number {
    if (this.#summary === 0) return NONE;
    const group = 31 - Math.clz32(this.#summary);
    return this.#heads[group << STEPS_LOG2 | 31 - Math.clz32(this.#occupied[group] as number)] as number;
  }

  #setHead(bin: number, row: number): void {
    this.#heads[bin] = row;
    if (row !== NONE) return;
    const group = bin >> STEPS_LOG2;
    const left = (this.#occupied[group] as number) & ~(1 << bin);
    this.#occupied[group] = left;
    if (left === 0) this.#summary &= ~(1 << group);
  }
}

/** The bin that holes of a size stand in. */
function binOf(size: number): number {
  const shift = stepLog2(size);
  return (shift << STEPS_LOG2) + (size >>> shift);
}

/** The lowest bin in which all holes have at least this size. */
function binFrom(size: number): number {
  const shift = stepLog2(size);
  return (shift << STEPS_LOG2) + (size + (1 << shift) - 1 >>> shift);
}

/** How far apart the bins around a size are, as a power of two. */
function stepLog2(size: number): number {
  return Math.max(0, 31 - STEPS_LOG2 - Math.clz32(size));
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
