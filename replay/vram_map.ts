import type { BoDevice } from "@ttm/core";

/** One range of VRAM in use, in pages. */
export interface UsedRange {
  /** First page. */
  readonly start: number;
  /** Number of pages. */
  readonly pages: number;
}

/** The ranges of a memory type in use, by address. */
export function usedRanges(device: BoDevice, memoryType: string): UsedRange[] {
  const buffers = [...device.lru(memoryType).flat(), ...device.pinned];
  return buffers.filter((buffer) => buffer.memoryType === memoryType)
    .map(({ start, pages }) => ({ start: start ?? 0, pages }))
    .sort((a, b) => a.start - b.start);
}

/** The share of free pages outside the largest hole: 0 for at most one hole, near 1 for many small holes. */
export function fragmentation(ranges: readonly UsedRange[], totalPages: number): number {
  let free = 0;
  let largest = 0;
  let end = 0;
  for (const range of [...ranges, { start: totalPages, pages: 0 }]) {
    const hole = range.start - end;
    free += hole;
    largest = Math.max(largest, hole);
    end = range.start + range.pages;
  }
  return free === 0 ? 0 : 1 - largest / free;
}

const SHADES = [" ", "░", "▒", "▓", "█"] as const;

/** Draws an address space, from address 0 on, as lines of block characters; darker means fuller. */
export function drawMap(ranges: readonly UsedRange[], totalPages: number, width = 64, height = 4): string[] {
  const cells = new Float64Array(width * height);
  const pagesPerCell = totalPages / cells.length;
  for (const { start, pages } of ranges) {
    const end = start + pages;
    for (let cell = Math.floor(start / pagesPerCell); cell < cells.length && cell * pagesPerCell < end; cell++) {
      const overlap = Math.min(end, (cell + 1) * pagesPerCell) - Math.max(start, cell * pagesPerCell);
      cells[cell] = (cells[cell] ?? 0) + overlap / pagesPerCell;
    }
  }
  const shades = Array.from(cells, shadeOf);
  return Array.from({ length: height }, (_, row) => shades.slice(row * width, (row + 1) * width).join(""));
}

/** Only cells that are exactly empty or full, up to rounding errors, are drawn as such. */
function shadeOf(share: number): string {
  if (share < 1e-9) return SHADES[0];
  if (share > 1 - 1e-9) return SHADES[4];
  return SHADES[1 + Math.min(2, Math.floor(share * 3))] ?? SHADES[2];
}
