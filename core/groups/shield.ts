import type { Protection } from "./counter.ts";
import { commonGroup, type GroupRecord } from "./group_record.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** A buffer that could be evicted. */
export interface Candidate {
  readonly group: GroupRecord | null;
  readonly pages: number;
  readonly isDying: boolean;
}

/**
 * Whether a buffer is protected from being evicted from a memory type for another group: relative to the nearest group
 * that contains both, so that a group is never protected from itself, or from those below it.
 */
export function isProtected(
  { group, pages }: Candidate,
  asker: GroupRecord | null,
  type: number,
  kind: Protection,
): boolean {
  if (group === null || group === asker) return false;
  const root = commonGroup(asker, group)?.counter(type) ?? null;
  return group.counter(type).keeps(pages * PAGE_SIZE, kind, root);
}

/**
 * Whom a search for room in a memory type leaves alone for the sake of groups (`dmem_cgroup_state_evict_valuable`).
 *
 * A search that is not forced takes only what is due: room for bytes that will be protected, from those that are not.
 */
export class Shield {
  #asker: GroupRecord | null;
  #type: number;
  #bytes: number;
  #forced: boolean;
  #sparesLow = true;
  #hitLow = false;

  constructor(asker: GroupRecord | null, type: number, bytes: number, forced: boolean) {
    this.#asker = asker;
    this.#type = type;
    this.#bytes = bytes;
    this.#forced = forced;
  }

  /** Why a buffer is left alone; null if it is not. A limit of the asking group can only be met by its own buffers. */
  whyKept(candidate: Candidate): "protected" | "outside the group" | null {
    const { group, isDying } = candidate;
    const limit = this.#asker?.counter(this.#type).limiting(this.#bytes) ?? null;
    if (limit !== null && !isBelow(group, this.#type, limit)) return "outside the group";
    if (isDying) return null;
    if (isProtected(candidate, this.#asker, this.#type, "min")) return "protected";
    const mayTakeLow = this.#forced || this.#isDue(group, "min");
    if (!mayTakeLow && !this.#isDue(group, "low")) return "outside the group";
    if (!isProtected(candidate, this.#asker, this.#type, "low")) return null;
    this.#hitLow ||= mayTakeLow;
    return this.#sparesLow || !mayTakeLow ? "protected" : null;
  }

  /** Whether there is a point in going on without regard to `low`; if so, that holds from now on. */
  yieldLow(): boolean {
    const yields = this.#sparesLow && this.#hitLow;
    if (yields) this.#sparesLow = false;
    return yields;
  }

  /** Has regard to `low` again. */
  regardLow(): void {
    this.#sparesLow = true;
    this.#hitLow = false;
  }

  /** Has no regard to `low`. */
  disregardLow(): this {
    this.#sparesLow = false;
    return this;
  }

  /** Whether what is asked for will be protected from the group of a candidate. */
  #isDue(group: GroupRecord | null, kind: Protection): boolean {
    const root = commonGroup(this.#asker, group)?.counter(this.#type) ?? null;
    return this.#asker?.counter(this.#type).wouldProtect(this.#bytes, kind, root) ?? false;
  }
}

/** Whether a search that is not forced may find something that is due. */
export function mayBeDue(asker: GroupRecord | null, type: number, bytes: number): boolean {
  for (let counter = asker?.counter(type) ?? null; counter !== null; counter = counter.parent) {
    const { min, low } = counter.limits;
    if (counter.usage + bytes <= Math.max(min, low)) return true;
  }
  return false;
}

function isBelow(group: GroupRecord | null, type: number, limit: object): boolean {
  for (let at = group; at !== null; at = at.parent) if (at.counter(type) === limit) return true;
  return false;
}
