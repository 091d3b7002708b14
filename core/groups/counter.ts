/** What a group may use of one memory type, in bytes. */
export interface GroupLimits {
  /** Bytes that are never evicted for others, 0 to `max`. @default {0} */
  readonly min?: number;
  /** Bytes that are evicted for others only if nobody else can give, 0 to `max`. @default {0} */
  readonly low?: number;
  /** Bytes that the group cannot exceed, from 0. @default {Infinity} */
  readonly max?: number;
}

/** The two kinds of protection. */
export type Protection = "min" | "low";

const NO_LIMITS: Required<GroupLimits> = { min: 0, low: 0, max: Infinity };

/**
 * The bytes that a group uses of one memory type, those of the groups below it included, and its limits
 * (`page_counter`).
 */
export class Counter {
  readonly parent: Counter | null;
  usage = 0;
  #limits: Required<GroupLimits> = NO_LIMITS;
  /** What the groups right below it claim together. */
  #claimedBelow: Record<Protection, number> = { min: 0, low: 0 };

  constructor(parent: Counter | null) {
    this.parent = parent;
  }

  /** The limits, all three of them. */
  get limits(): Required<GroupLimits> {
    return this.#limits;
  }

  set limits(limits: Required<GroupLimits>) {
    const { min, low } = this.#claims;
    this.#limits = limits;
    this.#tellParent(min, low);
  }

  /** Adds bytes to the usage of the group and of those above it; takes them away if negative. */
  add(bytes: number): void {
    const { min, low } = this.#claims;
    this.usage += bytes;
    this.#tellParent(min, low);
    this.parent?.add(bytes);
  }

  /** The lowest counter, from this one upwards, whose max would be exceeded with so many bytes more; null if none. */
  limiting(bytes: number): Counter | null {
    return this.usage + bytes > this.#limits.max ? this : this.parent?.limiting(bytes) ?? null;
  }

  /** Whether so many bytes could be used if the group and those above it used nothing. */
  canHold(bytes: number): boolean {
    return bytes <= this.#limits.max && (this.parent?.canHold(bytes) ?? true);
  }

  /**
   * The bytes that are protected from groups outside `root`, one of those above; null for the whole device
   * (`effective_protection`): what is used, up to the limit. If the groups right below one claim together more than
   * is protected of that one, each gets its share in proportion to its claim.
   */
  protectedBytes(kind: Protection, root: Counter | null): number {
    const claim = this.#claims[kind];
    const { parent } = this;
    if (claim === 0 || parent === null || parent === root) return claim;
    const afforded = parent.protectedBytes(kind, root);
    const claimed = parent.#claimedBelow[kind];
    return claimed > afforded ? claim * afforded / claimed : claim;
  }

  /** Whether bytes must stay, since without them this group or one below `root` had less than is protected of it. */
  keeps(bytes: number, kind: Protection, root: Counter | null): boolean {
    if (this === root) return false;
    return this.usage - bytes < this.protectedBytes(kind, root) || (this.parent?.keeps(bytes, kind, root) ?? false);
  }

  /** Whether with bytes more all that is used were protected on the device, by this group or one below `root`. */
  wouldProtect(bytes: number, kind: Protection, root: Counter | null): boolean {
    this.add(bytes);
    const isProtected = this.isWhollyProtected(kind, root);
    this.add(-bytes);
    return isProtected;
  }

  /** Whether all that is used is protected on the device, by this group or one below `root`. */
  isWhollyProtected(kind: Protection, root: Counter | null): boolean {
    if (this === root) return false;
    return this.usage <= this.protectedBytes(kind, null) || (this.parent?.isWhollyProtected(kind, root) ?? false);
  }

  get #claims(): Record<Protection, number> {
    const { min, low } = this.#limits;
    return { min: Math.min(this.usage, min), low: Math.min(this.usage, low) };
  }

  #tellParent(min: number, low: number): void {
    if (this.parent === null) return;
    const claims = this.#claims;
    this.parent.#claimedBelow.min += claims.min - min;
    this.parent.#claimedBelow.low += claims.low - low;
  }
}
