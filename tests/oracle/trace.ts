import type { ReplayClock } from "./clock.ts";

/** The result of replaying one trace. */
export interface ReplayResult {
  /** Operations replayed. */
  readonly operations: number;
  /** Number of operations with a difference. After the first one, later operations may all differ. */
  readonly divergences: number;
  /** The first of them. */
  readonly first?: { readonly operation: number; readonly expected: unknown; readonly found: unknown };
}

/** The recorded and the replayed results of an operation: the same members in the same order if they agree. */
export interface Compared {
  readonly expected: object;
  readonly found: object;
}

/** Does the operations of one trace family. */
export interface Replayer<Operation> {
  /** The clock of families whose operations can wait. */
  readonly clock?: ReplayClock;
  run(operation: Operation): Compared | Promise<Compared>;
}

/** A file is not a valid trace; has the number of its first wrong line. */
export class TraceError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** An operation on an unknown object: an error in the trace, or the consequence of an earlier divergence. */
export class ImpossibleOperation extends Error {}

/** A line of a trace, parsed. */
export type Line = Readonly<Record<string, unknown>>;

const STUCK = { error: "It waits for ever: nothing is left to happen" };

/** Reads the header of a trace, its first line. */
export function headerOf(lines: readonly string[]): Line & { readonly kind: string } {
  const header = parse(lines[0] ?? "", 1);
  if (header["hdr"] === 1 && typeof header["kind"] === "string") return { ...header, kind: header["kind"] };
  throw new TraceError('It is no header: it has no "hdr":1 and "kind"', 1);
}

/**
 * Does all operations of a trace and counts those with a difference. An operation that waits for ever is the last.
 *
 * @param check Completes an operation, or throws a message that says what is wrong with it.
 * @throws {TraceError} If a line is not a JSON object or not an operation, or names an unknown object.
 */
export async function replayTrace<Operation>(
  lines: readonly string[],
  replayer: Replayer<Operation>,
  check: (operation: Line, line: number) => Operation,
): Promise<ReplayResult> {
  let operations = 0;
  let divergences = 0;
  let first: ReplayResult["first"];
  for (const [at, line] of lines.entries()) {
    if (at === 0 || line === "") continue;
    const operation = parse(line, at + 1);
    const { expected, found } = await runOne(replayer, check(operation, at + 1), divergences > 0 ? null : at + 1);
    if (JSON.stringify(expected) !== JSON.stringify(found)) {
      divergences++;
      first ??= { operation: Number(operation["i"] ?? operations), ...difference(expected, found) };
    }
    operations++;
    if (found === STUCK) break;
  }
  return { operations, divergences, ...(first && { first }) };
}

/** A divergence can make a later operation impossible; without one the `line` is wrong. */
async function runOne<Operation>(
  replayer: Replayer<Operation>,
  operation: Operation,
  line: number | null,
): Promise<Compared> {
  try {
    const run = Promise.resolve(replayer.run(operation));
    if (replayer.clock === undefined) return await run;
    const stuck = replayer.clock.standstill().then(() => ({ expected: operation as object, found: STUCK }));
    return await Promise.race([run, stuck]);
  } catch (error) {
    if (error instanceof ImpossibleOperation && line !== null) throw new TraceError(error.message, line);
    return { expected: operation as object, found: { error: String(error) } };
  }
}

function parse(line: string, number: number): Line {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Falls through to the message below.
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new TraceError("It is no JSON object", number);
}

/** Removes the members that are equal in two records. */
function difference(expected: object, found: object): Compared {
  const [left, right] = [new Map(Object.entries(expected)), new Map(Object.entries(found))];
  const names = [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => JSON.stringify(left.get(name)) !== JSON.stringify(right.get(name)));
  const pick = (record: Map<string, unknown>) => Object.fromEntries(names.map((name) => [name, record.get(name)]));
  return { expected: pick(left), found: pick(right) };
}
