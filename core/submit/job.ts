import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Fence } from "../lock/fence.ts";
import type { PreparedPlacement } from "../resource/prepared_placement.ts";
import type { Reservation } from "../lock/reservation.ts";

/** One buffer of a submission. */
export interface Part {
  readonly buffer: BufferRecord;
  readonly usage: "read" | "write";
  /** Where the submitted work needs it. */
  readonly placement: PreparedPlacement;
}

/** Bit mask of the memory types that a buffer may be placed in; a pinned one stays where it is. */
export function typesOf({ buffer, placement }: Part): number {
  if (buffer.pins > 0 && buffer.type !== null) return 1 << buffer.type.index;
  let types = 0;
  for (const { type } of placement.places) types |= 1 << type.index;
  for (const { type } of placement.busyPlaces) types |= 1 << type.index;
  return types;
}

/**
 * The order in which parts are placed. Those that must be in device-resident memory come first, as their way may lead
 * through the other types; then those with the smallest choice, and the large before the small.
 */
export function byDemand(a: Part, b: Part): number {
  const choice = ({ placement }: Part) => placement.busyPlaces.length;
  return otherwise(a) - otherwise(b) || choice(a) - choice(b) || b.buffer.pages - a.buffer.pages;
}

/** How little of a choice is device-resident: 0 all of it, 1 a part, 2 nothing. */
function otherwise({ placement: { busyPlaces } }: Part): number {
  if (busyPlaces.every(({ type }) => type.fixed)) return 0;
  return busyPlaces.some(({ type }) => type.fixed) ? 1 : 2;
}

/** Adds the fence of the work to each reservation once; to a shared one with the strongest usage of its buffers. */
export function addFence(parts: readonly Part[], fence: Fence, someShare: boolean): void {
  if (!someShare) {
    for (const { buffer, usage } of parts) announce(buffer.reservation, fence, usage);
    return;
  }
  const usages = new Map<Reservation, "read" | "write">();
  for (const { buffer: { reservation }, usage } of parts) {
    if (usages.get(reservation) !== "write") usages.set(reservation, usage);
  }
  for (const [reservation, usage] of usages) announce(reservation, fence, usage);
}

function announce({ fences }: Reservation, fence: Fence, usage: "read" | "write"): void {
  fences.reserve(1);
  if (!fence.signalled) fences.add(fence, usage);
}

/** Takes note that the buffers are used, in the order of the list: they go to the tail of the order of eviction. */
export function touch({ hints, order, tracer }: DeviceState, parts: readonly Part[]): void {
  for (const { buffer, placement } of parts) {
    const row = buffer.row < 0 ? -1 : buffer.resource;
    if (row >= 0) {
      order.touch(row, buffer);
      tracer.use?.(buffer);
    }
    buffer.submittedTo = placement;
  }
  if (!hints.isIdle) hints.use(parts.map(({ buffer }) => buffer));
}
