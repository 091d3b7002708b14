import type { DeviceState } from "../state/device_state.ts";
import { giveUpPlace, waitUntilLeft } from "./make_room.ts";
import type { GroupRecord } from "../groups/group_record.ts";
import type { MemoryType } from "../state/memory_type.ts";
import type { Operation } from "../state/operation.ts";
import { BLOCKED, DONE, type Outcome } from "../base/outcome.ts";
import { Shield } from "../groups/shield.ts";
import { beginSearch } from "./victims.ts";

/**
 * Evicts buffers of a group, and of those below it, from a memory type until it uses no more than its max: first those
 * that are not protected from their siblings, then those below their `low`. Pinned and reserved ones stay, and those
 * whose eviction fails.
 */
export function shrinkGroup(state: DeviceState, type: MemoryType, group: GroupRecord, op: Operation): Outcome {
  const counter = group.counter(type.index);
  const shield = new Shield(group, type.index, 0, true);
  const outer = op.shield;
  try {
    do {
      // Buffers may be evicted into this type again.
      let left = type.residents;
      const walk = state.order.walk(type);
      try {
        for (let row = walk.next(); row >= 0 && counter.usage > counter.limits.max; row = walk.next()) {
          const victim = state.resources.buffer(row);
          if (victim === null || victim.pins > 0 || !group.contains(victim.group)) continue;
          if (shield.whyKept(victim) !== null || (victim.reservation.locked && !victim.isDying)) continue;
          if (left-- === 0) break;
          op.search = beginSearch(state, op, null, 0);
          op.search?.visit(victim);
          const outcome = giveUpPlace(state, victim, op);
          if (outcome === BLOCKED) return BLOCKED;
          if (outcome !== DONE) op.passOver(outcome);
          const gone = waitUntilLeft(op);
          if (gone !== DONE) return gone;
        }
      } finally {
        walk.close();
      }
    } while (counter.usage > counter.limits.max && shield.goesOn());
    return DONE;
  } finally {
    op.shield = outer;
  }
}
