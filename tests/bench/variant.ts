/** One way of doing something. */
export interface Variant {
  readonly name: string;
  /** Operations that one run does. */
  readonly operations: number;
  /**
   * Makes what is needed, and gives what is run again and again. The loop over the operations is written there, and not
   * shared, so that the compiler sees one thing in each.
   */
  readonly prepare: () => () => void | Promise<void>;
}

/** Something measured. */
export interface Row {
  readonly name: string;
  /** The ways of doing it; the others are compared with the first. */
  readonly variants: readonly Variant[];
  /** How many runs `deno bench` times, for those that take long. @default {30} */
  readonly runs?: number;
}

/**
 * Registers rows with `deno bench`, one group each; elsewhere that does nothing. What a variant needs is made when it is
 * first run, in its warm-up.
 *
 * @returns The rows.
 */
export function benchRows(rows: readonly Row[]): readonly Row[] {
  for (const { name: group, variants, runs = 30 } of rows) {
    for (const [at, { name, operations, prepare }] of variants.entries()) {
      let run: ReturnType<typeof prepare> | undefined;
      Deno.bench({
        name: `${name} (${operations} operations)`,
        group,
        baseline: at === 0,
        n: runs,
        warmup: runs >> 2,
        fn: async () => await (run ??= prepare())(),
      });
    }
  }
  return rows;
}
