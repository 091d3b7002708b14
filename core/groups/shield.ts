import type { Counter, Protection } from "./counter.ts";
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
  /** The limit under which `low` is not regarded, null for none; undefined while it is regarded. */
  #yieldsUnder: Counter | null | undefined = undefined;
  /** Whether somebody was kept for the sake of `low` alone. */
  #hitLow = false;
  /** The first limit for whose sake somebody was kept. */
  #hitLimit: Counter | null = null;
  #roundsLeft = 2;

  constructor(asker: GroupRecord | null, type: number, bytes: number, forced: boolean) {
    this.#asker = asker;
    this.#type = type;
    this.#bytes = bytes;
    this.#forced = forced;
    for (let group = asker; group !== null; group = group.parent) this.#roundsLeft += 2;
  }

  /** Why a buffer is left alone; null if it is not. A limit of the asking group can only be met by its own buffers. */
  whyKept(candidate: Candidate): "protected" | "outside the group" | null {
    const { group, isDying } = candidate;
    const limit = this.#limit;
    if (limit !== null && !isBelow(group, this.#type, limit)) {
      this.#hitLimit ??= limit;
      return "outside the group";
    }
    if (isDying) return null;
    if (isProtected(candidate, this.#asker, this.#type, "min")) return "protected";
    const mayTakeLow = this.#forced || this.#isDue(group, "min");
    if (!mayTakeLow && !this.#isDue(group, "low")) return "outside the group";
    const yields = mayTakeLow && this.#yieldsUnder === limit;
    if (yields || !isProtected(candidate, this.#asker, this.#type, "low")) return null;
    this.#hitLow ||= mayTakeLow;
    return "protected";
  }

  /**
   * Whether another round may find more: a limit has been met, so that others than its group can make room now; or nobody
   * is left but those below the `low` of their groups, which is not regarded from now on.
   */
  goesOn(): boolean {
    const limit = this.#limit;
    const isMet = this.#hitLimit !== null && this.#hitLimit !== limit;
    const yields = !isMet && this.#hitLow && this.#yieldsUnder !== limit;
    if (yields) this.#yieldsUnder = limit;
    this.#hitLimit = null;
    this.#hitLow = false;
    return (isMet || yields) && this.#roundsLeft-- > 0;
  }

  /** Regards `low` again. */
  regardLow(): void {
    this.#yieldsUnder = undefined;
    this.#hitLow = false;
  }

  /** Does not regard `low`, as long as the limit is what it is. */
  disregardLow(): this {
    this.#yieldsUnder = this.#limit;
    return this;
  }

  /** The limit that the asking group has to meet first; null if there is none. */
  get #limit(): Counter | null {
    return this.#asker?.counter(this.#type).limiting(this.#bytes) ?? null;
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

function isBelow(group: GroupRecord | null, type: number, limit: Counter): boolean {
  for (let at = group; at !== null; at = at.parent) if (at.counter(type) === limit) return true;
  return false;
}
