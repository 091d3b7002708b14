import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { Counter } from "../groups/counter.ts";
import type { GroupRecord } from "../groups/group_record.ts";
import { nobodyKept, type NoRoomReport, type ReachedLimit } from "../base/no_room_report.ts";
import { type Part, typesOf } from "./job.ts";
import { PAGE_SIZE } from "../base/units.ts";

const KEPT_LIMIT = 32;

/**
 * Why buffers that can only be in certain memory types have no room there, even if all others left that are not pinned:
 * all of them, or those of a group below its max. null if that cannot be said beforehand.
 */
export function whyTooLarge(state: DeviceState, parts: readonly Part[]): NoRoomReport | null {
  if (parts.every(({ buffer, placement }) => buffer.settledFor === placement)) return null;
  const masks = parts.map(typesOf);
  for (const mask of new Set(masks)) {
    const types = state.types.filter(({ index }) => (mask & 1 << index) !== 0);
    if (types.length === 0 || types.some(({ isSystem }) => isSystem)) continue;
    const confined = parts.filter((_, at) => ((masks[at] ?? 0) | mask) === mask).map(({ buffer }) => buffer);
    const pinned = pinnedElsewhere(state, types, parts);
    for (const group of [null, ...groupsAbove(confined)]) {
      const isCharged = ({ group: own }: BufferRecord) => group === null || group.contains(own);
      const wanted = pagesOf(confined.filter(isCharged));
      const kept = pinned.filter(isCharged);
      const room = types.reduce((sum, type) => sum + Math.min(type.pages, mostPages(group, type)), 0);
      if (wanted + pagesOf(kept) > room) return report(state, types, group, wanted, kept);
    }
  }
  return null;
}

/** The groups of buffers, and those above them. */
function groupsAbove(buffers: readonly BufferRecord[]): Set<GroupRecord> {
  const groups = new Set<GroupRecord>();
  for (let { group } of buffers) for (; group !== null; group = group.parent) groups.add(group);
  return groups;
}

/** What a group may use of a memory type; Infinity without a group. */
function mostPages(group: GroupRecord | null, { index }: MemoryType): number {
  return Math.floor((group?.counter(index).limits.max ?? Infinity) / PAGE_SIZE);
}

function pagesOf(buffers: readonly BufferRecord[]): number {
  return buffers.reduce((sum, { pages }) => sum + pages, 0);
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
  group: GroupRecord | null,
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
      ...(group !== null && mostPages(group, type) < type.pages
        ? { problem: "limit", limit: limitOf(group, type) }
        : { problem: "never fits", limit: null }),
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

function limitOf({ name, counters }: GroupRecord, { index }: MemoryType): ReachedLimit {
  const { limits, usage } = counters[index] as Counter;
  return { group: name, max: limits.max, usedBytes: usage };
}
