/** No hole. */
export const NONE = 0;

// Each size below 64 has its own bin; from 64 on there are 32 bins for each doubling.
const STEPS_LOG2 = 5;
const GROUPS = 28;

// Index of the first head in the array, after the bits of the groups.
const HEADS = 32;

/**
 * The holes by size, each in a *bin* with those of nearly the same size. Stored is the *head* of each bin, the hole
 * that was added last. A bit for each bin tells whether it has a head, and a bit for each group of 32 bins whether any
 * of them has one (TLSF: Masmano et al., *TLSF: a New Dynamic Memory Allocator for Real-Time Systems*, ECRTS 2004).
 */
export class Bins {
  #cells: Int32Array = new Int32Array(HEADS + (GROUPS << STEPS_LOG2));
  #summary = 0;

  /** The head of a bin; {@linkcode NONE} if it is empty. */
  head(bin: number): number {
    return this.#cells[HEADS + bin] as number;
  }

  /** Makes a hole the head of a bin, and returns the previous head. */
  push(bin: number, hole: number): number {
    const cells = this.#cells;
    const head = cells[HEADS + bin] as number;
    cells[HEADS + bin] = hole;
    if (head !== NONE) return head;
    const group = bin >> STEPS_LOG2;
    cells[group] = (cells[group] as number) | 1 << bin;
    this.#summary |= 1 << group;
    return NONE;
  }

  /** If a hole is the head, replaces it by `next`, where {@linkcode NONE} empties the bin; returns whether it was. */
  pop(bin: number, hole: number, next: number): boolean {
    const cells = this.#cells;
    if (cells[HEADS + bin] !== hole) return false;
    cells[HEADS + bin] = next;
    if (next === NONE) this.#empty(bin);
    return true;
  }

  /**
   * A hole of the lowest bin in which every hole has at least this size; {@linkcode NONE} if all of these bins are
   * empty.
   */
  surelyFits(size: number): number {
    const cells = this.#cells;
    const shift = stepLog2(size);
    const bin = (shift << STEPS_LOG2) + (size + (1 << shift) - 1 >>> shift);
    let group = bin >> STEPS_LOG2;
    let bits = (cells[group] as number) & -1 << bin;
    if (bits === 0) {
      const above = this.#summary & ~1 << group;
      if (above === 0) return NONE;
      group = lowestBit(above);
      bits = cells[group] as number;
    }
    return cells[HEADS + (group << STEPS_LOG2) + lowestBit(bits)] as number;
  }

  #empty(bin: number): void {
    const cells = this.#cells;
    const group = bin >> STEPS_LOG2;
    const left = (cells[group] as number) & ~(1 << bin);
    cells[group] = left;
    if (left === 0) this.#summary &= ~(1 << group);
  }

  /** A hole of the highest bin that is not empty; {@linkcode NONE} if there are no holes. */
  get highest(): number {
    if (this.#summary === 0) return NONE;
    const group = 31 - Math.clz32(this.#summary);
    return this.head((group << STEPS_LOG2) + 31 - Math.clz32(this.#cells[group] as number));
  }
}

/** The bin of holes of a size. */
export function binOf(size: number): number {
  const shift = stepLog2(size);
  return (shift << STEPS_LOG2) + (size >>> shift);
}

/** The distance between bins around a size, as a power of two. */
function stepLog2(size: number): number {
  return Math.max(0, 31 - STEPS_LOG2 - Math.clz32(size));
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
