/** What came of replaying one trace. */
export interface ReplayResult {
  /** Operations replayed. */
  readonly operations: number;
  /** Operations after which something differed. */
  readonly divergences: number;
  /** The first of them. */
  readonly first?: { readonly operation: number; readonly expected: unknown; readonly found: unknown };
}

/** Counts operations and keeps the first divergence. */
export class Comparison {
  #operations = 0;
  #divergences = 0;
  #first: ReplayResult["first"] | undefined;

  /** Compares what one operation gave with what the trace says. */
  add(operation: number, expected: unknown, found: unknown): void {
    this.#operations++;
    if (JSON.stringify(expected) === JSON.stringify(found)) return;
    this.#divergences++;
    this.#first ??= { operation, ...difference(expected, found) };
  }

  /** The result so far. */
  get result(): ReplayResult {
    const counts = { operations: this.#operations, divergences: this.#divergences };
    return this.#first === undefined ? counts : { ...counts, first: this.#first };
  }
}

/** Keeps of two records only the members that differ. */
function difference(expected: unknown, found: unknown): { expected: unknown; found: unknown } {
  if (!isRecord(expected) || !isRecord(found)) return { expected, found };
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    .filter((name) => JSON.stringify(expected[name]) !== JSON.stringify(found[name]));
  const pick = (record: Record<string, unknown>) => Object.fromEntries(names.map((name) => [name, record[name]]));
  return { expected: pick(expected), found: pick(found) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
