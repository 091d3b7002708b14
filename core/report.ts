import type { BufferRecord } from "./buffer_record.ts";
import type { DeviceState } from "./device_state.ts";
import type { Operation } from "./operation.ts";
import type { PreparedPlace, PreparedPlacement } from "./placement.ts";
import { neverFits } from "./resource.ts";

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
  /** Whether buffers were to be evicted for it. */
  readonly evicting: boolean;
  /**
   * Why it did not do. `"not in use"`: nothing new is placed there, see `BoDevice.setUsed`; `"never fits"`: there would be no
   * room if the range were empty, and nobody was evicted for it.
   */
  readonly problem: "no manager" | "not in use" | "caching not available" | "never fits" | "no room";
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

/** Why no room was found: what an `ENOMEM` carries. All but {@linkcode kept} is of the moment of the failure. */
export interface NoRoomReport {
  /** Size asked for, in pages. */
  readonly pages: number;
  /** What its start had to be a multiple of, in pages. */
  readonly alignment: number;
  /** Each place, in the order in which it was tried. */
  readonly tried: readonly TriedPlace[];
  /** Every memory type of the device. */
  readonly usage: readonly TypeUsage[];
  /**
   * The first 32 buffers that stand in the way, by number; looked up when the report is first read, so that an error that
   * nobody looks at costs no walk. Those that have left or been given up since the failure may be missing.
   */
  readonly kept: readonly KeptBuffer[];
}

/** What of a report is written down at once: nothing in it takes longer if there are more buffers. */
export type NoRoomFigures = Omit<NoRoomReport, "kept">;

const KEPT_LIMIT = 32;

/** The counts of a place at which nobody stayed. */
export function nobodyKept(): Record<KeptReason, number> {
  return { "pinned": 0, "reserved": 0, "outside the range": 0, "busy": 0, "cannot leave": 0 };
}

/** Writes down why an attempt has failed for want of room. */
export function noRoomFigures(
  state: DeviceState,
  buffer: BufferRecord,
  { places, busyPlaces }: PreparedPlacement,
  op: Operation,
): NoRoomFigures {
  return {
    pages: buffer.pages,
    alignment: buffer.alignment,
    tried: [
      ...places.map((place) => tried(buffer, place, false, op)),
      ...busyPlaces.map((place) => tried(buffer, place, true, op)),
    ],
    usage: state.types.map(({ name, pages, usedPages, residents }) => ({
      memoryType: name,
      pages,
      usedPages,
      residents,
    })),
  };
}

function tried(buffer: BufferRecord, place: PreparedPlace, evicting: boolean, op: Operation): TriedPlace {
  const { type, fpfn, lpfn } = place;
  const problem = problemOf(buffer, place);
  const kept = nobodyKept();
  if (evicting && problem === "no room") {
    Object.assign(kept, op.keptAt(place));
    kept.pinned += type.pinned;
  }
  return { memoryType: type.name, fpfn, lpfn: lpfn === Infinity ? null : lpfn, evicting, problem, kept };
}

function problemOf(buffer: BufferRecord, place: PreparedPlace): TriedPlace["problem"] {
  const { type } = place;
  if (!type.usable) return type.manager === null ? "no manager" : "not in use";
  if ((place.cachingMask & type.availableCaching) === 0) return "caching not available";
  return !type.isSystem && neverFits(buffer, place) ? "never fits" : "no room";
}

/** The buffers that stand in the way now, for the reasons that there were. */
export function keptBuffers(
  state: DeviceState,
  buffer: BufferRecord,
  { busyPlaces }: PreparedPlacement,
  { tried }: NoRoomFigures,
): KeptBuffer[] {
  const all: KeptBuffer[] = [];
  for (const [at, { kept }] of tried.slice(-busyPlaces.length).entries()) {
    const place = busyPlaces[at] as PreparedPlace;
    if (Object.values(kept).every((count) => count === 0)) continue;
    for (const other of state.buffers.all()) {
      if (all.length === KEPT_LIMIT) return all;
      if (other.type !== place.type || other === buffer) continue;
      const reason = reasonFor(state, other, place);
      if (kept[reason] > 0) all.push({ buffer: other.toString(), pages: other.pages, reason });
    }
  }
  return all;
}

function reasonFor(state: DeviceState, other: BufferRecord, place: PreparedPlace): KeptReason {
  const { buffers, resources } = state;
  const row = buffers.resource(other.row);
  if (buffers.pins(other.row) > 0) return "pinned";
  if (other.reservation.locked) return "reserved";
  if (!place.type.intersects(resources.node(row), resources.pages(row), place.fpfn, place.lpfn)) {
    return "outside the range";
  }
  return whyStuck(other);
}

/** Why a buffer that was asked to leave has not. */
export function whyStuck({ reservation }: BufferRecord): KeptReason {
  return reservation.fences.pending() !== null ? "busy" : "cannot leave";
}

/** The figures in one line. */
export function summarize(figures: NoRoomFigures): string {
  const { pages, alignment, tried } = figures;
  const places = tried.filter(({ evicting, problem }) => evicting || problem !== "no room")
    .map((place) => `${place.memoryType}: ${explain(place, figures)}`);
  const wanted = `${pages} pages${alignment > 1 ? ` aligned to ${alignment}` : ""}`;
  return `no room for ${wanted}; ${[...new Set(places)].join("; ") || "no place may be used"}`;
}

function explain({ memoryType, problem, kept, fpfn, lpfn }: TriedPlace, { usage }: NoRoomFigures): string {
  const size = usage.find((type) => type.memoryType === memoryType)?.pages ?? 0;
  switch (problem) {
    case "no manager":
      return `no manager, give it one by managers: { ${memoryType}: … } or by initManager()`;
    case "not in use":
      return "not in use until setUsed()";
    case "never fits":
      return `they never fit into ${
        fpfn === 0 && lpfn === null ? `its ${size}` : `[${fpfn}, ${lpfn ?? size}) of ${size}`
      }`;
    default: {
      const reasons = Object.entries(kept).filter(([, count]) => count > 0).map(([why, count]) => `${count} ${why}`);
      return `${problem}${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""}`;
    }
  }
}
