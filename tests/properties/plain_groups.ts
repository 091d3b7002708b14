/** What is owned by a client, -1 for nobody. */
export interface Owned {
  readonly owner: number;
  readonly pages: number;
}

interface Limits {
  readonly min: number;
  readonly low: number;
  readonly max: number;
}

/** The rules of groups in pages, written down as plainly as possible: nothing is kept but the limits. */
export class PlainGroups {
  #parents: readonly number[];
  #limits: Limits[];

  constructor(parents: readonly number[]) {
    this.#parents = parents;
    this.#limits = parents.map(() => ({ min: 0, low: 0, max: Infinity }));
  }

  limit(group: number, limits: Limits): void {
    this.#limits[group] = limits;
  }

  /** Pages that each group uses with those below it. */
  usage(all: readonly Owned[]): number[] {
    return this.#parents.map((_, group) => {
      return all.reduce((sum, { owner, pages }) => this.isBelow(owner, group) ? sum + pages : sum, 0);
    });
  }

  /** Whether a group is another, or below it; -1 is above all. */
  isBelow(group: number, other: number): boolean {
    return other === -1 || this.#path(group).includes(other);
  }

  /** The group whose max would be exceeded; null if none would. */
  limiting(usage: readonly number[], group: number, pages: number): number | null {
    return this.#path(group).find((one) => (usage[one] ?? 0) + pages > this.#of(one).max) ?? null;
  }

  /** Whether so many pages are within each max on the way. */
  canHold(group: number, pages: number): boolean {
    return this.#path(group).every((one) => pages <= this.#of(one).max);
  }

  /** Whether something can be taken for somebody, and no group on the way has less than is protected of it. */
  mayGive(usage: readonly number[], { owner, pages }: Owned, asker: number, kind: "min" | "low"): boolean {
    const root = this.#common(owner, asker);
    const kept = this.#protected(usage, kind, root);
    return this.#pathBelow(owner, root).every((group) => (usage[group] ?? 0) - pages >= (kept[group] ?? 0) - 1e-6);
  }

  /** Whether pages more of a group are due from another: it, or one above that is not above both, is protected so far. */
  isDue(usage: readonly number[], group: number, pages: number, other: number, kind: "min" | "low"): boolean {
    const root = this.#common(group, other);
    const path = this.#path(group);
    const later = usage.map((used, one) => path.includes(one) ? used + pages : used);
    const kept = this.#protected(later, kind, -1);
    return this.#pathBelow(group, root).some((one) => (later[one] ?? 0) <= (kept[one] ?? 0) + 1e-6);
  }

  /** What is protected of each group from those outside `root`: parents come before their children. */
  #protected(usage: readonly number[], kind: "min" | "low", root: number): number[] {
    const claims = usage.map((used, group) => Math.min(used, this.#of(group)[kind]));
    const kept: number[] = [];
    for (const [group, claim] of claims.entries()) {
      const parent = this.#parents[group] ?? -1;
      const together = claims.reduce((sum, one, at) => this.#parents[at] === parent ? sum + one : sum, 0);
      const afforded = parent === root || parent === -1 ? Infinity : kept[parent] ?? 0;
      kept.push(together > afforded ? claim * afforded / together : claim);
    }
    return kept;
  }

  #common(one: number, other: number): number {
    return this.#path(one).find((group) => this.isBelow(other, group)) ?? -1;
  }

  #pathBelow(group: number, root: number): number[] {
    const path = this.#path(group);
    return root === -1 ? path : path.slice(0, path.indexOf(root));
  }

  /** The group and those above it. */
  #path(group: number): number[] {
    const path = [];
    for (let at = group; at >= 0; at = this.#parents[at] ?? -1) path.push(at);
    return path;
  }

  #of(group: number): Limits {
    return this.#limits[group] ?? { min: 0, low: 0, max: Infinity };
  }
}
