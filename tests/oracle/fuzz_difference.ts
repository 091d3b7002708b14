/** The first difference between a replay and its trace. */
export interface Difference {
  /** Number of the operation. */
  readonly operation: number;
  /** The kind of the difference, as text: equal for differences with the same cause. */
  readonly kind: string;
  /** The exact place, with both values. */
  readonly detail: string;
}

type Row = readonly unknown[];
type Members = Readonly<Record<string, unknown>>;

/** The difference between the recorded and the replayed results of an operation, both without equal members. */
export function differenceAt(
  lines: readonly string[],
  operation: number,
  expected: Members,
  found: Members,
): Difference {
  const { op } = JSON.parse(lines[operation + 1] ?? "{}");
  if (typeof found["error"] === "string") {
    return { operation, kind: `${op}: throws ${withoutNumbers(found["error"])}`, detail: found["error"] };
  }
  const [first = ""] = Object.keys(expected);
  const codes = "ret" in expected ? ` ${codeOf(expected["ret"])} in the kernel, ${codeOf(found["ret"])} here` : "";
  const kind = `${op}: ${first}${columnOf(expected[first], found[first])}${codes}`;
  return { operation, kind, detail: `${first}${whereTheyPart(expected[first], found[first])}` };
}

/** An exception of a replayer before its first operation. */
export function refusal(error: string): Difference {
  return { operation: 0, kind: `throws ${withoutNumbers(error)}`, detail: error };
}

/** The path of the first difference of two JSON values, with both values. */
export function whereTheyPart(expected: unknown, found: unknown): string {
  if (Array.isArray(expected) && Array.isArray(found)) {
    const at = expected.findIndex((value, at) => !equal(value, found[at]));
    if (at >= 0 && at < found.length) return `[${at}]${whereTheyPart(expected[at], found[at])}`;
  } else if (isRecord(expected) && isRecord(found)) {
    const name = [...Object.keys(expected), ...Object.keys(found)].find((name) => !equal(expected[name], found[name]));
    if (name !== undefined) return `.${name}${whereTheyPart(expected[name], found[name])}`;
  }
  return `: ${brief(expected)} in the kernel, ${brief(found)} here`;
}

/** The column of the first difference in the first rows of two tables that differ. */
function columnOf(expected: unknown, found: unknown): string {
  if (!isTable(expected) || !isTable(found) || expected.length !== found.length) return "";
  const at = expected.findIndex((row, at) => !equal(row, found[at]));
  const column = expected[at]?.findIndex((value, column) => !equal(value, found[at]?.[column])) ?? -1;
  return column < 0 ? "" : ` column ${column}`;
}

/** The name of an error code; all counts are the same kind. */
function codeOf(ret: unknown): string {
  return typeof ret !== "number" || ret <= 0 ? String(ret) : "a count";
}

function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/g, "N").slice(0, 100);
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isRecord(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTable(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.every(Array.isArray);
}
