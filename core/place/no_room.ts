import { plural } from "../base/plural.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import {
  type KeptBuffer,
  type KeptReason,
  nobodyKept,
  type NoRoomFigures,
  type TriedPlace,
} from "../base/no_room_report.ts";
import type { Operation } from "../state/operation.ts";
import type { PreparedPlace, PreparedPlacement } from "../resource/prepared_placement.ts";
import { neverFits } from "./allocation.ts";
import { PAGE_SIZE } from "../base/units.ts";
import { shieldFor } from "./victims.ts";

const KEPT_LIMIT = 32;

/** The figures of an attempt that failed without room. */
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
  if (evicting && (problem === "no room" || problem === "limit")) {
    Object.assign(kept, op.keptAt(place));
    kept.pinned += type.pinned;
  }
  return {
    memoryType: type.name,
    fpfn,
    lpfn: lpfn === Infinity ? null : lpfn,
    evicting,
    problem,
    limit: problem === "limit" ? limitOf(buffer, place) : null,
    freePages: type.pages - type.usedPages,
    largestHole: problem === "no room" ? type.manager?.largestHole ?? null : null,
    kept,
  };
}

function problemOf(buffer: BufferRecord, place: PreparedPlace): TriedPlace["problem"] {
  const { type } = place;
  if (!type.usable) return type.manager === null ? "no manager" : "not in use";
  if (place.cachingMask === 0) return "caching not available";
  if (limitOf(buffer, place) !== null) return "limit";
  return !type.isSystem && neverFits(buffer, place) ? "never fits" : "no room";
}

/** The limit that keeps a buffer out of a place; null if there is none. */
function limitOf({ group, pages }: BufferRecord, { type }: PreparedPlace): TriedPlace["limit"] {
  const counter = group?.counter(type.index).limiting(pages * PAGE_SIZE) ?? null;
  if (counter === null) return null;
  let owner = group;
  while (owner !== null && owner.counter(type.index) !== counter) owner = owner.parent;
  return { group: owner?.name ?? "", max: counter.limits.max, usedBytes: counter.usage };
}

/** The buffers that are in the way now, for the reasons of the attempt. */
export function keptBuffers(
  state: DeviceState,
  buffer: BufferRecord,
  { busyPlaces }: PreparedPlacement,
  { tried }: NoRoomFigures,
): KeptBuffer[] {
  const all: KeptBuffer[] = [];
  for (const [at, { kept }] of tried.slice(-busyPlaces.length).entries()) {
    const place = busyPlaces[at] as PreparedPlace;
    const shield = shieldFor(state, buffer, place.type)?.disregardLow();
    if (Object.values(kept).every((count) => count === 0)) continue;
    for (const other of state.buffers.all()) {
      if (all.length === KEPT_LIMIT) return all;
      if (other.type !== place.type || other === buffer) continue;
      const reason = shield?.whyKept(other) ?? reasonFor(state, other, place);
      if (kept[reason] > 0) all.push({ buffer: other.toString(), pages: other.pages, reason });
    }
  }
  return all;
}

function reasonFor(state: DeviceState, other: BufferRecord, place: PreparedPlace): KeptReason {
  const { resources } = state;
  const row = other.resource;
  const { type, fpfn, lpfn } = place;
  if (other.pins > 0) return "pinned";
  if (other.reservation.locked) return "reserved";
  if (!type.intersects(resources.handle(row), resources.start(row), resources.pages(row), fpfn, lpfn)) {
    return "outside the range";
  }
  return whyStuck(other);
}

/** Why a victim could not be evicted. */
export function whyStuck({ reservation }: BufferRecord): KeptReason {
  return reservation.pending() !== null ? "busy" : "cannot leave";
}

/** The figures in one line. */
export function summarize(figures: NoRoomFigures): string {
  const { pages, alignment, tried } = figures;
  const places = tried.filter(({ evicting, problem }) => evicting || (problem !== "no room" && problem !== "limit"))
    .map((place) => `${place.memoryType}: ${explain(place, figures)}`);
  const wanted = `${plural(pages, "page")}${alignment > 1 ? ` aligned to ${alignment}` : ""}`;
  return `no room for ${wanted}; ${[...new Set(places)].join("; ") || "no place may be used"}`;
}

function explain(place: TriedPlace, { pages, usage }: NoRoomFigures): string {
  const { memoryType, problem, limit, kept, fpfn, lpfn } = place;
  const size = usage.find((type) => type.memoryType === memoryType)?.pages ?? 0;
  switch (problem) {
    case "no manager":
      return `no manager, give it one by managers: { ${memoryType}: … } or by initManager()`;
    case "not in use":
      return "not in use until setUsed()";
    case "never fits":
      return `they can never fit into ${
        fpfn === 0 && lpfn === null ? `its ${size}` : `[${fpfn}, ${lpfn ?? size}) of ${size}`
      }`;
    default: {
      const reasons = Object.entries(kept).filter(([, count]) => count > 0).map(([why, count]) => `${count} ${why}`);
      const what = limit === null
        ? problem
        : `group "${limit.group}" uses ${limit.usedBytes} of the ${limit.max} bytes that it may use`;
      return `${what}${inParentheses([...reasons, ...holes(place, pages, size)])}`;
    }
  }
}

/** Free pages and largest hole of a fragmented memory type, whose free pages would suffice in one piece. */
function holes({ freePages, largestHole }: TriedPlace, wanted: number, size: number): string[] {
  if (largestHole === null || freePages <= largestHole || freePages < wanted) return [];
  return [`${freePages} of ${size} pages are free, the largest hole has ${largestHole}`];
}

function inParentheses(reasons: readonly string[]): string {
  return reasons.length > 0 ? ` (${reasons.join(", ")})` : "";
}
