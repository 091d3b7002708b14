/** One function of the original, what stands for it here, and how it is known to work. */
export interface Row {
  /** The name, or names, in the kernel. */
  readonly original: string;
  /** What is called here, and the file in `core/`. */
  readonly ours: string;
  readonly file: string;
  /** A test beside it in `core/`, and its name. */
  readonly testFile: string;
  readonly test: string;
  /** A piece of the file, which stands there once, and what breaks the function. */
  readonly line: string;
  readonly broken: string;
}

/** A row in the order of a table: original, ours, file, test file, test, line, broken line. */
type Columns = readonly [string, string, string, string, string, string, string];

/** Splits rows that are written as columns. */
export function rows(...table: readonly Columns[]): Row[] {
  return table.map(([original, ours, file, testFile, test, line, broken]) => {
    return { original, ours, file, testFile, test, line, broken };
  });
}
