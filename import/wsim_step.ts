import { type Fail, MOST_BYTES, show } from "./values.ts";

/** Buffers of a working set that a submission names: those from `first` to `last`. */
export interface WsimUse {
  /** Whether the submission writes them. */
  readonly write: boolean;
  /** The working set. */
  readonly set: number;
  /** The first buffer, from 0. */
  readonly first: number;
  /** The last buffer. */
  readonly last: number;
}

/** A step of a workload descriptor, as far as it says something about buffers and time. */
export type WsimStep =
  | { readonly kind: "set"; readonly set: number; readonly sizes: readonly { count: number; bytes: number }[] }
  | { readonly kind: "batch"; readonly context: number; readonly us: number; readonly uses: readonly WsimUse[] }
  | { readonly kind: "delay" | "period"; readonly us: number }
  | { readonly kind: "terminate"; readonly back: number }
  | { readonly kind: "other" };

const ENGINE = /^(DEFAULT|RCS|BCS|VCS|VCS[1-9]|VECS|VECS[1-9]|CCS|CCS[1-9])$/;
const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Steps that set up contexts and engines, or wait for the GPU: their form alone is checked. */
const OTHERS: readonly RegExp[] = [
  /^f$/,
  /^B\.\d+$/,
  /^[stqa]\.-?\d+$/,
  /^[PSX]\.\d+\.-?\d+$/,
  /^M\.\d+\.\w+(\|\w+)*$/,
  /^b\.\d+\.\w+(\|\w+)*\.\w+$/,
];

/**
 * Reads a step. A size or duration that is a range of random values is its middle; a duration without an end is
 * `Infinity`.
 *
 * @throws {WorkloadError} For text that is no step.
 */
export function parseStep(text: string, fail: Fail): WsimStep {
  const parts = text.split(".");
  const [head = "", second = "", third = ""] = parts;
  if (/^[wW]$/.test(head) && parts.length === 3) {
    return { kind: "set", set: number(second, text, fail), sizes: third.split("/").map((size) => sizeOf(size, fail)) };
  }
  if ((head === "d" || head === "p") && parts.length === 2) {
    return { kind: head === "d" ? "delay" : "period", us: number(second, text, fail) };
  }
  if (head === "T" && /^-\d{1,9}$/.test(second) && parts.length === 2) {
    return { kind: "terminate", back: -Number(second) };
  }
  if (/^\d+$/.test(head) && ENGINE.test(second) && parts.length === 5) {
    const [, , , dependencies = "", wait = ""] = parts;
    if (wait !== "0" && wait !== "1") throw fail(`a step must end with 0 or 1 for its wait, but this is ${show(text)}`);
    const uses = dependencies.split("/").flatMap((dependency) => useOf(dependency, fail));
    return { kind: "batch", context: number(head, text, fail), us: duration(third, text, fail), uses };
  }
  if (OTHERS.some((form) => form.test(text))) return { kind: "other" };
  throw fail(`${show(text)} is no step`);
}

function number(text: string, step: string, fail: Fail): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw fail(`${show(text)} in ${show(step)} is no whole number`);
}

function duration(text: string, step: string, fail: Fail): number {
  if (text === "*") return Infinity;
  const [low = "", high = low, more] = text.split("-");
  if (more !== undefined) throw fail(`${show(text)} in ${show(step)} is no duration`);
  return middle(number(low, step, fail), number(high, step, fail), text, fail);
}

function sizeOf(text: string, fail: Fail): { count: number; bytes: number } {
  const match = /^(?:(\d{1,7})n)?(\d{1,12})([kmg]?)(?:-(\d{1,12})([kmg]?))?$/.exec(text);
  if (match === null) throw fail(`${show(text)} is no size of a working set`);
  const [, count = "1", low = "", lowUnit = "", high = low, highUnit = lowUnit] = match;
  const bytes = middle(Number(low) * (UNITS[lowUnit] ?? 1), Number(high) * (UNITS[highUnit] ?? 1), text, fail);
  if (bytes < 1 || bytes > MOST_BYTES) throw fail(`the size ${show(text)} must be from 1 to ${MOST_BYTES} bytes`);
  return { count: Number(count), bytes };
}

function middle(low: number, high: number, text: string, fail: Fail): number {
  if (high < low) throw fail(`the range ${show(text)} ends before it begins`);
  return Math.round((low + high) / 2);
}

/** Dependencies on other steps and on fences name no buffer. */
function useOf(text: string, fail: Fail): WsimUse[] {
  if (/^([fs]?-\d{1,9}|0)$/.test(text)) return [];
  const match = /^([rw])(\d{1,9})-(\d{1,7})(?:-(\d{1,7}))?$/.exec(text);
  if (match === null) throw fail(`${show(text)} is no dependency`);
  const [, kind, set, first = "", last = first] = match;
  return [{ write: kind === "w", set: Number(set), first: Number(first), last: Number(last) }];
}
