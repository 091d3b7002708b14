import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Operation } from "../state/operation.ts";
import { EIO } from "../base/outcome.ts";
import type { PreparedPlace } from "../resource/prepared_placement.ts";
import { requestFor } from "./allocation.ts";
import type { PassedOverReason } from "../contract/traced_eviction.ts";
import { availability, whySpared } from "./victims.ts";

/**
 * Victims whose ranges together make room for a buffer, as the manager's scan chooses them: buffers that may be evicted
 * are added to the scan in the order of eviction, until neighbours among them have enough room. Empty if the manager
 * has no scan, or no neighbours have enough room.
 */
export function neighboursInTheWay(
  state: DeviceState,
  buffer: BufferRecord,
  place: PreparedPlace,
  sparing: boolean,
  op: Operation,
): readonly BufferRecord[] {
  const { resources } = state;
  const owners = new Map<number, BufferRecord>();
  const walk = state.order.walk(place.type, buffer);
  try {
    const scan = place.type.manager?.scan?.(requestFor(buffer, place));
    if (scan === undefined) return [];
    for (let row = walk.next(); row >= 0; row = walk.next()) {
      const victim = resources.buffer(row);
      const handle = resources.handle(row);
      if (victim === null || handle === 0) continue;
      const kept = whyKept(state, victim, row, place, sparing, op);
      op.search?.scan(victim, kept);
      if (kept !== null) continue;
      owners.set(handle, victim);
      if (scan.add(handle)) return scan.victims.flatMap((handle) => owners.get(handle) ?? []);
    }
  } catch (error) {
    op.fail(error, EIO);
  } finally {
    walk.close();
  }
  return [];
}

function whyKept(
  state: DeviceState,
  victim: BufferRecord,
  row: number,
  place: PreparedPlace,
  sparing: boolean,
  op: Operation,
): PassedOverReason | null {
  const available = availability(state, victim, row, place, null, op);
  if (typeof available === "string") return available;
  return sparing ? whySpared(state, victim, op) : null;
}
