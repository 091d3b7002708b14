import { type Line, TraceError } from "./trace.ts";

/** The range of a field that is a whole number, and its default; a field without a default is required. */
export interface NumberField {
  readonly least: number;
  readonly most: number;
  readonly otherwise?: number;
}

/** The rule of a field: a number, a list of rows with a rule for each column, or a list of numbers with one rule. */
export type Field = NumberField | { readonly rows: readonly NumberField[] } | { readonly each: NumberField };

export type Fields = Readonly<Record<string, Field>>;

/** An optional number. */
export function upTo(most: number, otherwise = 0, least = 0): NumberField {
  return { least, most, otherwise };
}

/** A required number. */
export function within(least: number, most: number): NumberField {
  return { least, most };
}

/**
 * A line with the defaults of its missing fields.
 *
 * @throws {TraceError} If a field is missing or wrong.
 */
export function complete(line: Line, fields: Fields, what: string, number: number): Line {
  const completed: Record<string, unknown> = { ...line };
  for (const [name, field] of Object.entries(fields)) {
    const wrong = (why: string) =>
      new TraceError(`${what} has "${name}": ${JSON.stringify(line[name])}, ${why}`, number);
    if ("least" in field) {
      completed[name] ??= field.otherwise;
      if (!isWithin(completed[name], field)) throw wrong(`not a whole number from ${field.least} to ${field.most}`);
    } else {
      completed[name] ??= [];
      if (!isListOf(completed[name], field)) throw wrong("not a list of what it should be");
    }
  }
  return completed;
}

function isListOf(value: unknown, field: { rows: readonly NumberField[] } | { each: NumberField }): boolean {
  if (!Array.isArray(value)) return false;
  if ("each" in field) return value.every((member) => isWithin(member, field.each));
  const { rows } = field;
  return value.every((row) =>
    Array.isArray(row) && row.length === rows.length && row.every((member, at) => isWithin(member, rows[at]))
  );
}

function isWithin(value: unknown, field: NumberField | undefined): boolean {
  return field !== undefined && Number.isSafeInteger(value) && Number(value) >= field.least &&
    Number(value) <= field.most;
}
