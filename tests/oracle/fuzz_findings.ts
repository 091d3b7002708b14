import type { Compared } from "./fuzz_survey.ts";

/** What the comparison of many seeds came to. */
export class Findings {
  /** Seeds compared. */
  seeds = 0;
  /** Operations compared. */
  operations = 0;
  /** The seeds that differ, by the kind of their difference. */
  readonly kinds: Map<string, Compared[]> = new Map();
  /** The seeds that the kernel did not record to the end: what it does after that is not known to be the same. */
  readonly unrecorded: Compared[] = [];

  add(compared: Compared): void {
    const { difference, lines, unrecorded } = compared;
    this.seeds++;
    this.operations += Math.max(0, lines.length - 1);
    if (unrecorded !== undefined) this.unrecorded.push(compared);
    if (difference !== undefined) this.kinds.set(difference.kind, [...this.kinds.get(difference.kind) ?? [], compared]);
  }

  /** How many seeds differ. */
  get differing(): number {
    return [...this.kinds.values()].flat().length;
  }

  /** The exit status: 1 if something differs, else 2 if something was not recorded. */
  get status(): 0 | 1 | 2 {
    if (this.kinds.size > 0) return 1;
    return this.unrecorded.length > 0 ? 2 : 0;
  }
}

/** One line about what is wrong with a seed; undefined if nothing is. */
export function complaint(
  { difference, lines, request: { family, profile, seed }, unrecorded }: Compared,
): string | undefined {
  const name = `${family} seed ${seed} (${profile.name})`;
  if (difference !== undefined) {
    return `${name}: operation ${difference.operation}: ${difference.kind}\n  ${difference.detail}`;
  }
  if (unrecorded === undefined) return undefined;
  return `${name}: the recorder failed after ${Math.max(0, lines.length - 1)} operations: ${unrecorded}`;
}
