import { show } from "@ttm/core/arguments";
import { DTYPE_BITS } from "./dtypes.ts";

/** A tensor as the header of a safetensors file describes it. */
export interface Tensor {
  /** Its name, which is also its key in the store. */
  readonly name: string;
  /** The type of its elements: `"F32"`, `"BF16"`, `"I8"`. */
  readonly dtype: string;
  /** Number of elements in each dimension; empty for a single element. */
  readonly shape: readonly number[];
  /** Its first byte in the file. */
  readonly offset: number;
  /** Its size in bytes. */
  readonly bytes: number;
}

/** What the header of a safetensors file says. */
export interface Header {
  /** In the order of their bytes in the file. */
  readonly tensors: readonly Tensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is wrong with a file, and where. */
export class Flaw extends Error {
  /** A byte of the file. */
  readonly at: number;

  /** At byte `at` of the file. */
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Number of bytes before the header: its length. */
export const PREFIX = 8;

/**
 * Reads a header; `end` is the length of the file.
 *
 * @throws {Flaw} If it breaks a rule of the format.
 */
export function parseHeader(bytes: Uint8Array, end: number): Header {
  const text = decode(bytes);
  if (!text.startsWith("{")) throw new Flaw(PREFIX, `the header begins with ${show(text.slice(0, 1))}, not with "{"`);
  let entries: Readonly<Record<string, unknown>>;
  try {
    entries = JSON.parse(text);
  } catch (error) {
    throw new Flaw(PREFIX, `the header is no JSON: ${(error as Error).message}`);
  }
  const places = placesOfNames(text);
  const start = PREFIX + bytes.length;
  const tensors: Tensor[] = [];
  let metadata: Header["metadata"] = {};
  for (const [name, entry] of Object.entries(entries)) {
    const at = places.get(name) ?? PREFIX;
    if (name === "__metadata__") metadata = checkedMetadata(entry, at);
    else tensors.push(tensorOf(name, entry, start, end, at));
  }
  tensors.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
  checkCover(tensors, start, end);
  return { tensors, metadata };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Flaw(PREFIX, "the header is no UTF-8");
  }
}

/** The byte of the file at which each name stands. Two tensors of one name would make files that readers disagree on. */
function placesOfNames(text: string): Map<string, number> {
  const places = new Map<string, number>();
  const encoder = new TextEncoder();
  const colon = /\s*:/y;
  let [depth, counted, at] = [0, 0, PREFIX];
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1) {
      colon.lastIndex = index + token.length;
      if (!colon.test(text)) continue;
      at += encoder.encode(text.slice(counted, index)).length;
      counted = index;
      const name = JSON.parse(token);
      if (places.has(name)) throw new Flaw(at, `there are two entries ${show(name)}`);
      places.set(name, at);
    }
  }
  return places;
}

function checkedMetadata(entry: unknown, at: number): Header["metadata"] {
  const isRecord = isObject(entry) && Object.values(entry).every((value) => typeof value === "string");
  if (!isRecord) throw new Flaw(at, "__metadata__ is no object of strings");
  return entry as Header["metadata"];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tensorOf(name: string, entry: unknown, start: number, end: number, at: number): Tensor {
  const fail = (why: string): never => {
    throw new Flaw(at, `${show(name)} ${why}`);
  };
  if (!isObject(entry)) return fail("is no object");
  const unknown = Object.keys(entry).find((key) => !["dtype", "shape", "data_offsets"].includes(key));
  if (unknown !== undefined) return fail(`has an unknown member ${show(unknown)}`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const bits = typeof dtype === "string" ? DTYPE_BITS.get(dtype) : undefined;
  if (bits === undefined) return fail(`has the unknown dtype ${show(dtype)}`);
  if (!isNumbers(shape)) {
    return fail(`has the shape ${JSON.stringify(shape)}, which is no list of whole numbers from 0`);
  }
  if (!isNumbers(offsets) || offsets.length !== 2) return fail(`has the data_offsets ${JSON.stringify(offsets)}`);
  const [first, behind] = offsets as [number, number];
  if (first > behind || behind > end - start) {
    return fail(`has the data_offsets ${first} to ${behind}, and there are ${end - start} bytes of data`);
  }
  const bytes = bytesOf(shape, bits);
  if (bytes !== behind - first) {
    return fail(`has ${behind - first} bytes, and its shape takes ${bytes ?? "no whole number"}`);
  }
  return { name, dtype: dtype as string, shape, offset: start + first, bytes };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((number) => Number.isSafeInteger(number) && number >= 0);
}

/** The size of so many elements; null if it is no whole number, or too large for one. */
function bytesOf(shape: readonly number[], bits: number): number | null {
  let elements = 1;
  for (const count of shape) elements *= count;
  const bytes = elements * bits / 8;
  return Number.isSafeInteger(elements * bits) && Number.isInteger(bytes) ? bytes : null;
}

/** Every byte behind the header belongs to one tensor. */
function checkCover(tensors: readonly Tensor[], start: number, end: number): void {
  let covered = start;
  for (const { name, offset, bytes } of tensors) {
    if (offset < covered) {
      throw new Flaw(offset, `${show(name)} overlaps the tensor before it, which ends at ${covered}`);
    }
    if (offset > covered) throw new Flaw(covered, `no tensor has the ${offset - covered} bytes before ${show(name)}`);
    covered = offset + bytes;
  }
  if (covered < end) throw new Flaw(covered, `no tensor has the last ${end - covered} bytes`);
}
