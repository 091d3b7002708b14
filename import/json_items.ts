import { join, type Pieces } from "./bytes.ts";
import type { Fail } from "./values.ts";

/** An item of the list, as JSON text. */
export interface JsonItem {
  /** The offset of its first byte. */
  readonly offset: number;
  /** Its value. */
  readonly value: unknown;
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

type Expected = "document" | "key" | "first key" | "colon" | "member" | "item" | "first item" | "after" | "nothing";

/**
 * Reads JSON piece by piece that is a list, or an object with a list under `key`, and keeps one item of the list at a
 * time. All other values are checked to be JSON and dropped.
 *
 * @param fail Makes the error for an offset.
 * @throws {WorkloadError} For text that is no such JSON, or ends early: at the offset of the value or character.
 */
export async function* readJsonItems(
  pieces: Pieces,
  key: string,
  failAt: (offset: number) => Fail,
): AsyncGenerator<JsonItem, void> {
  const scanner = new Scanner(key, failAt);
  let offset = 0;
  for await (const piece of pieces) {
    yield* scanner.scan(piece, offset);
    offset += piece.length;
  }
  if (scanner.expected !== "nothing") throw failAt(offset)("the JSON is cut short");
  if (!scanner.found) throw failAt(offset)(`the JSON has no list ${JSON.stringify(key)}`);
}

class Scanner {
  expected: Expected = "document";
  found = false;
  readonly #key: string;
  readonly #failAt: (offset: number) => Fail;
  readonly #text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** Whether the document is an object, and whether the scanner is in the list. */
  #inObject = false;
  #inList = false;
  #wantedKey = false;
  /** The parts of a value that has begun, and what it is inside of. */
  #begun: Uint8Array[] | undefined;
  #begunAt = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(key: string, failAt: (offset: number) => Fail) {
    this.#key = key;
    this.#failAt = failAt;
  }

  *scan(piece: Uint8Array, base: number): Generator<JsonItem, void> {
    let start = 0;
    let at = 0;
    while (at < piece.length) {
      const byte = piece[at] as number;
      if (this.#begun !== undefined) {
        const ends = this.#ends(byte);
        if (ends === "no") {
          at++;
          continue;
        }
        if (ends === "with it") at++;
        const bytes = join([...this.#begun, piece.subarray(start, at)]);
        this.#begun = undefined;
        const item = this.#value(bytes);
        if (item !== undefined) yield item;
      } else if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) {
        at++;
      } else if (this.#punctuation(byte, base + at)) {
        at++;
      } else {
        start = at;
        this.#begun = [];
        this.#begunAt = base + at;
      }
    }
    if (this.#begun !== undefined) this.#begun.push(piece.subarray(start));
  }

  /** Whether a value that has begun ends before or with this byte. */
  #ends(byte: number): "no" | "before it" | "with it" {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return this.#inString || this.#depth > 0 ? "no" : "with it";
    }
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#depth++;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      if (this.#depth === 0) return "before it";
      this.#depth--;
      if (this.#depth === 0) return "with it";
    } else if (this.#depth === 0 && (byte === COMMA || byte === COLON || byte <= 0x20)) return "before it";
    return "no";
  }

  #value(bytes: Uint8Array): JsonItem | undefined {
    const fail = this.#failAt(this.#begunAt);
    let value: unknown;
    try {
      value = JSON.parse(this.#text.decode(bytes as Uint8Array<ArrayBuffer>));
    } catch {
      throw fail("what begins here is not JSON");
    }
    if (this.expected === "key" || this.expected === "first key") {
      if (typeof value !== "string") throw fail("a key must be a string");
      this.#wantedKey = value === this.#key;
      this.expected = "colon";
      return undefined;
    }
    const isItem = this.#inList && (this.expected === "item" || this.expected === "first item");
    if (!isItem && this.expected !== "member") throw fail("a value stands where none may be");
    this.expected = "after";
    return isItem ? { offset: this.#begunAt, value } : undefined;
  }

  /** Takes a byte that is structure around the values; false if a value begins with it. */
  #punctuation(byte: number, offset: number): boolean {
    const { expected } = this;
    const opensList = byte === OPEN_LIST && (expected === "document" || (expected === "member" && this.#wantedKey));
    if (opensList) {
      if (this.found) throw this.#failAt(offset)(`there is a second list ${JSON.stringify(this.#key)}`);
      [this.found, this.#inList, this.expected] = [true, true, "first item"];
    } else if (byte === OPEN_OBJECT && expected === "document") {
      [this.#inObject, this.expected] = [true, "first key"];
    } else if (byte === COLON && expected === "colon") {
      this.expected = "member";
    } else if (byte === COMMA && expected === "after") {
      this.expected = this.#inList ? "item" : "key";
    } else if (byte === CLOSE_LIST && this.#inList && (expected === "after" || expected === "first item")) {
      [this.#inList, this.expected] = [false, this.#inObject ? "after" : "nothing"];
    } else if (byte === CLOSE_OBJECT && !this.#inList && (expected === "after" || expected === "first key")) {
      this.expected = "nothing";
    } else if (
      byte === COMMA || byte === COLON || byte === CLOSE_LIST || byte === CLOSE_OBJECT || expected === "nothing"
    ) {
      throw this.#failAt(offset)(`${JSON.stringify(String.fromCharCode(byte))} stands where it may not be`);
    } else {
      return false;
    }
    return true;
  }
}
