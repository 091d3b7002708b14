import type { AcquireTicket } from "../lock/acquire_ticket.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { Operation } from "../state/operation.ts";
import type { Part } from "./job.ts";
import type { Reservation } from "../lock/reservation.ts";
import { shieldFor } from "../place/victims.ts";

/**
 * After a search for room that failed: the reservation of a buffer that somebody else has reserved, and that could make
 * room once it is free; null if there is none.
 */
export function holderInTheWay(
  state: DeviceState,
  part: Part,
  ticket: AcquireTicket,
  op: Operation,
): Reservation | null {
  for (const buffer of candidates(state, part, op)) {
    const { reservation } = buffer;
    if (reservation.locked && reservation.holder !== ticket) return reservation;
  }
  return null;
}

/** Whether work that ends some time keeps room from a buffer: its own, or that of copies out of a memory type. */
export function isWorkInTheWay(state: DeviceState, part: Part, op: Operation): boolean {
  if (searched(state, part, op).some(({ moveFences }) => moveFences.pending)) return true;
  for (const { busy } of candidates(state, part, op)) if (busy) return true;
  return false;
}

/** The buffers that would make room for a part by leaving: those that are not pinned, and that no group keeps. */
function* candidates(state: DeviceState, part: Part, op: Operation): Generator<BufferRecord> {
  const { order, resources } = state;
  const { busyPlaces } = part.placement;
  for (const type of searched(state, part, op)) {
    const places = busyPlaces.filter((place) => place.type === type);
    const shield = places.length === 0 ? null : shieldFor(state, part.buffer, type)?.disregardLow() ?? null;
    for (const row of order.candidates(type)) {
      const buffer = resources.buffer(row);
      if (buffer === null || buffer === part.buffer || buffer.pins > 0) continue;
      if (shield !== null && shield.whyKept(buffer) !== null) continue;
      const [handle, start, pages] = [resources.handle(row), resources.start(row), resources.pages(row)];
      const isInRange = places.some(({ fpfn, lpfn }) => type.intersects(handle, start, pages, fpfn, lpfn));
      if (isInRange || places.length === 0) yield buffer;
    }
  }
}

/** Where room is wanted: in the types of the places; in all if victims or hops had none, or host memory was short. */
export function searched({ types }: DeviceState, { placement }: Part, { noRoom }: Operation): readonly MemoryType[] {
  if (noRoom === null || noRoom.tried.some(({ kept }) => kept.busy + kept["cannot leave"] > 0)) return types;
  return types.filter((type) => placement.busyPlaces.some((place) => place.type === type));
}
