import { type BoDevice, PAGE_SIZE } from "@ttm/core";
import { fragmentation, type UsedRange, usedRanges } from "./vram_map.ts";

const SAMPLE_EVERY = 16;

/** Samples the use and fragmentation of VRAM, or of the memory type that takes its place, and its map at peak use. */
export class VramSamples {
  /** Peak use after a submission, in bytes. */
  peakBytes = 0;
  /** The ranges in use at the sample with the most pages in use. */
  fullest: readonly UsedRange[] = [];
  #device: BoDevice;
  #memoryType: string;
  #fullestPages = -1;
  #sum = 0;
  #count = 0;

  /** Samples one memory type of a device. */
  constructor(device: BoDevice, memoryType: string) {
    this.#device = device;
    this.#memoryType = memoryType;
  }

  /** Mean of the sampled fragmentation, from 0 to 1. */
  get meanFragmentation(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Takes a sample after a submission, numbered from 1; ranges are sampled after the first 16 and every 16th. */
  add(submission: number): void {
    const { usedPages, pages } = this.#device.usage(this.#memoryType);
    this.peakBytes = Math.max(this.peakBytes, usedPages * PAGE_SIZE);
    const regular = submission % SAMPLE_EVERY === 0;
    if (!regular && submission > SAMPLE_EVERY) return;
    const ranges = usedRanges(this.#device, this.#memoryType);
    if (regular) {
      this.#sum += fragmentation(ranges, pages);
      this.#count++;
    }
    if (usedPages <= this.#fullestPages) return;
    this.#fullestPages = usedPages;
    this.fullest = ranges;
  }
}
