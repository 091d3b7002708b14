import type { ExplainedEviction, Explainer } from "@ttm/explain";
import { UsageError } from "./usage_error.ts";

/**
 * The numbers of the buffers that a user names: by the number in order of creation, from 0, or by a label or tag.
 *
 * @throws {UsageError} If there is none.
 */
export function buffersNamed({ buffers, header }: Explainer, name: string): number[] {
  const isNumber = /^\d{1,9}$/.test(name);
  const found = buffers.filter(({ buffer, label, tag }) => {
    return isNumber ? buffer === Number(name) : label === name || tag === name;
  });
  if (found.length > 0) return found.map(({ buffer }) => buffer);
  const last = buffers.at(-1);
  const known = last === undefined ? "it has none" : `they have the numbers ${buffers[0]?.buffer} to ${last.buffer}`;
  const kept = header.lost === 0 ? "" : ", and those that were gone before are not recorded";
  throw new UsageError(
    `Cannot explain buffer ${JSON.stringify(name)}: ${header.run} has no such buffer; ${known}${kept}`,
  );
}

/** The evictions of the buffers that a user names. */
export function evictionsOf(explain: Explainer, name: string): ExplainedEviction[] {
  return buffersNamed(explain, name).flatMap((buffer) => explain.evictions(buffer));
}

/** Sentences, one a line, or a line that says that there are none. */
export function asLines(found: readonly { readonly text: string }[], none: string): string {
  return found.length === 0 ? `${none}\n` : found.map(({ text }) => `${text}\n`).join("");
}

/** What is to be said of the events that a record lacks; `""` if it lacks none. */
export function whatIsMissing({ header: { lost } }: Explainer): string {
  return lost === 0 ? "" : `The record has no place for the first ${lost} events: what they caused is not explained\n`;
}
