/** Throws if a rule that must always hold is broken. */
export function must(holds: boolean, rule: () => string): void {
  if (!holds) throw new Error(`Broken invariant: ${rule()}`);
}
