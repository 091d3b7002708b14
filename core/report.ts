import type { BufferRecord } from "./buffer_record.ts";
import type { DeviceState } from "./device_state.ts";
import type { PreparedPlace, PreparedPlacement } from "./placement.ts";

/** Why a buffer that stood in the way was not evicted. */
export type KeptReason = "pinned" | "reserved" | "outside the range" | "busy" | "cannot leave";

/** A buffer that stood in the way. */
export interface KeptBuffer {
  /** Its number, and its label if it has one. */
  readonly buffer: string;
  /** Size in pages. */
  readonly pages: number;
  /** Why it stayed. */
  readonly reason: KeptReason;
}

/** One place that was tried. */
export interface TriedPlace {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** First page of the range. */
  readonly fpfn: number;
  /** End of the range; null for the end of the type. */
  readonly lpfn: number | null;
  /** Whether buffers were evicted for it. */
  readonly evicting: boolean;
  /** Why it did not do. */
  readonly problem: "no manager" | "caching not available" | "no room";
  /** How many buffers of the type stayed, by reason; all 0 where none was to be evicted. */
  readonly kept: Readonly<Record<KeptReason, number>>;
}

/** Who holds a memory type. */
export interface TypeUsage {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** Size in pages; 0 for SYSTEM, which is unlimited. */
  readonly pages: number;
  /** Pages in use. */
  readonly usedPages: number;
  /** Resources in it. */
  readonly residents: number;
}

/** Why no room was found: what an `ENOMEM` carries. */
export interface NoRoomReport {
  /** Size asked for, in pages. */
  readonly pages: number;
  /** Each place, in the order in which it was tried. */
  readonly tried: readonly TriedPlace[];
  /** Every memory type of the device. */
  readonly usage: readonly TypeUsage[];
  /** The first 32 buffers that stood in the way. */
  readonly kept: readonly KeptBuffer[];
}

const KEPT_LIMIT = 32;

/** Looks at the device after an attempt has failed for want of room, and says why. */
export function noRoomReport(state: DeviceState, buffer: BufferRecord, placement: PreparedPlacement): NoRoomReport {
  const kept: KeptBuffer[] = [];
  return {
    pages: buffer.pages,
    tried: [
      ...placement.places.map((place) => tried(state, buffer, place, false, kept)),
      ...placement.busyPlaces.map((place) => tried(state, buffer, place, true, kept)),
    ],
    usage: state.types.map(({ name, pages, usedPages, residents }) => ({
      memoryType: name,
      pages,
      usedPages,
      residents,
    })),
    kept,
  };
}

function tried(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  evicting: boolean,
  all: KeptBuffer[],
): TriedPlace {
  const { type } = place;
  const kept: Record<KeptReason, number> = {
    "pinned": 0,
    "reserved": 0,
    "outside the range": 0,
    "busy": 0,
    "cannot leave": 0,
  };
  const problem = !type.usable
    ? "no manager"
    : (place.cachingMask & type.availableCaching) === 0
    ? "caching not available"
    : "no room";
  if (evicting && problem === "no room") {
    for (const other of state.buffers.all()) {
      if (other.type !== type || other === buffer) continue;
      const reason = reasonFor(state, other, place);
      kept[reason]++;
      if (all.length < KEPT_LIMIT) all.push({ buffer: other.toString(), pages: other.pages, reason });
    }
  }
  return {
    memoryType: type.name,
    fpfn: place.fpfn,
    lpfn: place.lpfn === Infinity ? null : place.lpfn,
    evicting,
    problem,
    kept,
  };
}

function reasonFor(state: DeviceState, other: BufferRecord, place: PreparedPlace): KeptReason {
  const { buffers, resources } = state;
  const row = buffers.resource(other.row);
  if (buffers.pins(other.row) > 0) return "pinned";
  if (other.reservation.locked) return "reserved";
  if (!place.type.intersects(resources.node(row), resources.pages(row), place.fpfn, place.lpfn)) {
    return "outside the range";
  }
  return other.reservation.fences.pending() !== null ? "busy" : "cannot leave";
}

/** The report in one line. */
export function summarize(report: NoRoomReport): string {
  const places = report.tried.filter((place) => place.evicting || place.problem !== "no room").map((place) => {
    const reasons = Object.entries(place.kept).filter(([, count]) => count > 0)
      .map(([reason, count]) => `${count} ${reason}`);
    return `${place.memoryType}: ${place.problem}${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""}`;
  });
  return `no room for ${report.pages} pages; ${places.join("; ") || "no place may be used"}`;
}
