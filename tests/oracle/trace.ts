/** What came of replaying one trace. */
export interface ReplayResult {
  /** Operations replayed. */
  readonly operations: number;
  /** Operations after which something differed. After the first, the two may differ for good. */
  readonly divergences: number;
  /** The first of them. */
  readonly first?: { readonly operation: number; readonly expected: unknown; readonly found: unknown };
}

/** What the trace says of an operation, and what came of it here: equal members in equal order if all is well. */
export interface Compared {
  readonly expected: object;
  readonly found: object;
}

/** Does the operations of one trace family. */
export interface Replayer<Operation> {
  run(operation: Operation): Compared | Promise<Compared>;
}

/** A file that is no trace. */
export class TraceError extends Error {}

/** Reads the header of a trace, its first line. */
export function headerOf(lines: readonly string[]): { readonly kind: string } {
  const header = parse(lines[0] ?? "", 1);
  if (header["hdr"] === 1 && typeof header["kind"] === "string") return { ...header, kind: header["kind"] };
  throw new TraceError('line 1 is no header: it has no "hdr":1 and "kind"');
}

/**
 * Does all operations of a trace and counts those after which something differs.
 *
 * @throws {TraceError} If a line is no JSON object.
 */
export async function replayTrace<Operation>(
  lines: readonly string[],
  replayer: Replayer<Operation>,
): Promise<ReplayResult> {
  let operations = 0;
  let divergences = 0;
  let first: ReplayResult["first"];
  for (const [at, line] of lines.entries()) {
    if (at === 0 || line === "") continue;
    const operation = parse(line, at + 1);
    const { expected, found } = await runOne(replayer, operation as Operation);
    if (JSON.stringify(expected) !== JSON.stringify(found)) {
      divergences++;
      first ??= { operation: Number(operation["i"] ?? operations), ...difference(expected, found) };
    }
    operations++;
  }
  return { operations, divergences, ...(first && { first }) };
}

/** A divergence can make a later operation impossible, for example on a buffer that is not there. */
async function runOne<Operation>(replayer: Replayer<Operation>, operation: Operation): Promise<Compared> {
  try {
    return await replayer.run(operation);
  } catch (error) {
    return { expected: operation as object, found: { error: String(error) } };
  }
}

function parse(line: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Falls through to the message below.
  }
  if (typeof value === "object" && value !== null) return { ...value };
  throw new TraceError(`line ${number} is no JSON object`);
}

/** Keeps of two records only the members that differ. */
function difference(expected: object, found: object): Compared {
  const [left, right] = [new Map(Object.entries(expected)), new Map(Object.entries(found))];
  const names = [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => JSON.stringify(left.get(name)) !== JSON.stringify(right.get(name)));
  const pick = (record: Map<string, unknown>) => Object.fromEntries(names.map((name) => [name, record.get(name)]));
  return { expected: pick(left), found: pick(right) };
}
