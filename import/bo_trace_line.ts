import { type Fail, MOST_BYTES, show, whole } from "./values.ts";
import type { AllocEvent, FreeEvent } from "./workload.ts";

/** A line that uses a buffer. Neighbouring lines with the same job number are one job. */
export interface UseLine {
  /** The kind of line. */
  readonly op: "use";
  /** When the job is submitted. */
  readonly t: number;
  /** The buffer. */
  readonly id: number;
  /** Whether the job writes it. */
  readonly write: boolean;
  /** The job's number; a line without one is a job of its own. */
  readonly job: number | undefined;
  /** The job's time on the GPU in microseconds, on its first line. */
  readonly dur: number | undefined;
  /** The job's GPU context, on its first line. */
  readonly ctx: number | undefined;
}

/** A parsed line of a bo-trace after the header. */
export type TraceLine = AllocEvent | UseLine | FreeEvent;

/** The fields of a JSON object, not yet checked. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Parses a line of JSON.
 *
 * @throws {WorkloadError} For text that is not JSON, or JSON that is not an object.
 */
export function parseFields(text: string, fail: Fail): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail(`Cannot read the line: it is not JSON: ${show(text)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw fail(`Cannot read the line: it must be a JSON object, but is ${show(value)}`);
}

/**
 * Reads an event of any kind.
 *
 * @throws {WorkloadError} For an unknown `op`, a `tag` that is not a string, and a field that is missing or not a whole
 * number in its range: `t` and `dur` from 0, `bytes` from 1, `w` 0 or 1, `id`, `job` and `ctx` any. Whole numbers go up
 * to 2^53 - 1, beyond which JSON numbers are no longer exact.
 */
export function parseLine(fields: Fields, fail: Fail): TraceLine {
  const { op } = fields;
  if (op !== "alloc" && op !== "use" && op !== "free") {
    throw fail(`Cannot replay the event: op must be "alloc", "use" or "free", but is ${show(op)}`);
  }
  const id = whole(fields.id, "id", (why) => fail(`Cannot replay ${op}: ${why}`));
  const refuse: Fail = (why) => fail(`Cannot replay ${op} of buffer ${id}: ${why}`);
  const optional = (name: string, least?: number, most?: number) =>
    fields[name] === undefined ? undefined : whole(fields[name], name, refuse, least, most);
  const t = whole(fields.t, "t", refuse, 0);
  if (op === "free") return { op, t, id };
  if (op === "alloc") {
    return { op, t, id, bytes: whole(fields.bytes, "bytes", refuse, 1, MOST_BYTES), ...tagOf(fields, refuse) };
  }
  const write = optional("w", 0, 1) === 1;
  return { op, t, id, write, job: optional("job"), dur: optional("dur", 0), ctx: optional("ctx") };
}

function tagOf(fields: Fields, fail: Fail): { tag?: string } {
  const { tag } = fields;
  if (tag === undefined) return {};
  if (typeof tag !== "string") throw fail(`tag must be a string, but is ${show(tag)}`);
  return { tag };
}
