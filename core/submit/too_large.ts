import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "../state/memory_type.ts";
import { nobodyKept, type NoRoomReport } from "../base/no_room_report.ts";
import { type Part, typesOf } from "./job.ts";

const KEPT_LIMIT = 32;

/**
 * Why buffers that can only be in certain memory types have no room there, even if all others left that are not pinned;
 * null if that cannot be said beforehand.
 */
export function whyTooLarge(state: DeviceState, parts: readonly Part[]): NoRoomReport | null {
  if (parts.every(({ buffer, placement }) => buffer.settledFor === placement)) return null;
  const masks = parts.map(typesOf);
  for (const mask of new Set(masks)) {
    const types = state.types.filter(({ index }) => (mask & 1 << index) !== 0);
    if (types.length === 0 || types.some(({ isSystem }) => isSystem)) continue;
    const confined = parts.filter((_, at) => ((masks[at] ?? 0) | mask) === mask);
    const pages = confined.reduce((sum, { buffer }) => sum + buffer.pages, 0);
    const pinned = pinnedElsewhere(state, types, parts);
    const room = types.reduce((sum, type) => sum + type.pages, 0);
    if (pages + pinned.reduce((sum, buffer) => sum + buffer.pages, 0) > room) {
      return report(state, types, pages, pinned);
    }
  }
  return null;
}

/** The pinned buffers in some memory types that are not among the parts. */
function pinnedElsewhere(
  { order, resources }: DeviceState,
  types: readonly MemoryType[],
  parts: readonly Part[],
): BufferRecord[] {
  if (types.every(({ pinned }) => pinned === 0)) return [];
  const own = new Set(parts.map(({ buffer }) => buffer));
  return [...order.pinned()].flatMap((row) => {
    const buffer = resources.buffer(row);
    return buffer !== null && buffer.pins > 0 && !own.has(buffer) && types.includes(resources.place(row).type)
      ? buffer
      : [];
  });
}

function report(
  state: DeviceState,
  types: readonly MemoryType[],
  pages: number,
  pinned: readonly BufferRecord[],
): NoRoomReport {
  const kept = pinned.slice(0, KEPT_LIMIT);
  return {
    pages,
    alignment: 1,
    tried: types.map((type) => ({
      memoryType: type.name,
      fpfn: 0,
      lpfn: null,
      evicting: true,
      problem: "never fits",
      limit: null,
      freePages: type.pages - type.usedPages,
      largestHole: null,
      kept: { ...nobodyKept(), pinned: pinned.filter((buffer) => buffer.type === type).length },
    })),
    usage: state.types.map(({ name, pages, usedPages, residents }) => {
      return { memoryType: name, pages, usedPages, residents };
    }),
    kept: kept.map((buffer) => ({ buffer: buffer.toString(), pages: buffer.pages, reason: "pinned" })),
  };
}
