import { long, uint } from "./pickle_numbers.ts";
import { PickleStack } from "./pickle_stack.ts";
import { PASSED_OVER, PickleDict, type PickleValue } from "./pickle_values.ts";
import { ARGUMENT, OP, REFUSED } from "./pickle_opcodes.ts";
import { type Position, WorkloadError } from "./workload.ts";

/**
 * Builds the data of a pickle, protocols 2 to 5. It makes numbers, strings, lists and dicts, and refuses each opcode that
 * runs or names code. Of dicts it keeps the wanted keys alone, and makes nothing of the containers under others, so that
 * the call stacks of a snapshot take no memory.
 */
export class PickleMachine {
  /** The data, once {@linkcode PickleMachine.done}. */
  result: PickleValue;
  /** Whether the end of the pickle was reached. */
  done = false;
  readonly #file: string;
  readonly #wanted: ReadonlySet<string>;
  readonly #text = new TextDecoder();
  readonly #memo: PickleValue[] = [];
  readonly #stack = new PickleStack((why) => this.fail(why));
  #offset = 0;

  /** `file` is the file's name in error messages. */
  constructor(file: string, wanted: ReadonlySet<string>) {
    this.#file = file;
    this.#wanted = wanted;
  }

  /** The error for the opcode at hand. */
  fail(why: string, position: Position = { offset: this.#offset }): WorkloadError {
    return new WorkloadError(this.#file, position, `Cannot read the pickle: ${why}`);
  }

  /**
   * Carries out the opcodes that are there as a whole.
   *
   * @returns How many bytes it took, and how many it must be given next at least.
   * @throws {WorkloadError} For an opcode that is refused, unknown, or makes no sense.
   */
  run(bytes: Uint8Array): { readonly taken: number; readonly needed: number } {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const base = this.#offset;
    let at = 0;
    while (at < bytes.length && !this.done) {
      const op = bytes[at] as number;
      this.#offset = base + at;
      const argument = ARGUMENT.get(op);
      const fixed = 1 + (argument?.bytes ?? 0);
      if (at + fixed > bytes.length) return { taken: at, needed: fixed };
      let length = 0;
      if (argument?.isLength) {
        length = uint(view, at + 1, argument.bytes);
        if (at + fixed + length > bytes.length) return { taken: at, needed: fixed + length };
      }
      this.#step(op, view, at + 1, at + fixed, length);
      at += fixed + length;
    }
    this.#offset = base + at;
    return { taken: at, needed: 1 };
  }

  #step(op: number, view: DataView, at: number, data: number, length: number): void {
    const stack = this.#stack;
    switch (op) {
      case OP.proto: {
        const protocol = view.getUint8(at);
        if (protocol < 2 || protocol > 5) throw this.fail(`its protocol is ${protocol}, not 2, 3, 4 or 5`);
        return;
      }
      case OP.frame:
        return;
      case OP.mark:
        stack.mark();
        return;
      case OP.stop:
        this.result = stack.pop();
        if (stack.height > 0) throw this.fail(`STOP leaves ${stack.height} values`);
        this.done = true;
        return;
      case OP.pop:
        stack.drop();
        return;
      case OP.popMark:
        stack.items();
        return;
      case OP.dup:
        stack.push(stack.top());
        return;
      case OP.none:
        stack.push(null);
        return;
      case OP.newTrue:
        stack.push(true);
        return;
      case OP.newFalse:
        stack.push(false);
        return;
      case OP.binInt:
        stack.push(view.getInt32(at, true));
        return;
      case OP.binInt1:
      case OP.binInt2:
        stack.push(uint(view, at, data - at));
        return;
      case OP.binFloat:
        stack.push(view.getFloat64(at));
        return;
      case OP.long1:
      case OP.long4:
        stack.push(long(view, data, length));
        return;
      case OP.binString:
      case OP.shortBinString:
      case OP.binUnicode:
      case OP.shortBinUnicode:
      case OP.binUnicode8:
        stack.push(this.#text.decode(new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + data, length)));
        return;
      case OP.emptyList:
      case OP.emptyTuple:
        stack.push(this.#isWanted() ? [] : PASSED_OVER);
        return;
      case OP.list:
      case OP.tuple:
        this.#pushList(stack.items());
        return;
      case OP.tuple1:
      case OP.tuple2:
      case OP.tuple3:
        this.#pushList(stack.take(op - OP.tuple1 + 1));
        return;
      case OP.append: {
        const value = stack.pop();
        const list = stack.list();
        if (list !== PASSED_OVER) list.push(value);
        return;
      }
      case OP.appends: {
        const items = stack.items();
        const list = stack.list();
        if (list !== PASSED_OVER) { for (const item of items) list.push(item); }
        return;
      }
      case OP.emptyDict:
        stack.push(this.#isWanted() ? new PickleDict(this.#offset) : PASSED_OVER);
        return;
      case OP.dict: {
        const items = stack.items();
        const dict = this.#isWanted() ? new PickleDict(this.#offset) : PASSED_OVER;
        this.#fill(dict, items);
        stack.push(dict);
        return;
      }
      case OP.setItem: {
        const value = stack.pop();
        const key = stack.pop();
        this.#fill(stack.dict(), [key, value]);
        return;
      }
      case OP.setItems: {
        const items = stack.items();
        this.#fill(stack.dict(), items);
        return;
      }
      case OP.memoize:
        this.#memo.push(stack.top());
        return;
      case OP.binPut:
      case OP.longBinPut:
        this.#put(uint(view, at, data - at));
        return;
      case OP.binGet:
      case OP.longBinGet: {
        const index = uint(view, at, data - at);
        if (index >= this.#memo.length) throw this.fail(`nothing was put into the memo under ${index}`);
        stack.push(this.#memo[index]);
        return;
      }
    }
    const refused = REFUSED.get(op);
    const name = `0x${op.toString(16).padStart(2, "0")}`;
    throw this.fail(
      refused === undefined
        ? `the opcode ${name} is not one of data in protocols 2 to 5`
        : `the opcode ${name} (${refused}) runs or names code, or takes objects from elsewhere`,
    );
  }

  /** Honest writers number what they put one by one, so that a gap is a fault and no reason to reserve memory. */
  #put(index: number): void {
    if (index > this.#memo.length) throw this.fail(`the memo has ${this.#memo.length} values, and ${index} is put`);
    this.#memo[index] = this.#stack.top();
  }

  /** Whether a container that comes now can be part of the result. */
  #isWanted(): boolean {
    const { around } = this.#stack;
    return around !== PASSED_OVER && (typeof around !== "string" || this.#wanted.has(around));
  }

  #pushList(list: PickleValue[]): void {
    this.#stack.push(this.#isWanted() ? list : PASSED_OVER);
  }

  #fill(dict: PickleDict | typeof PASSED_OVER, items: readonly PickleValue[]): void {
    if (items.length % 2 !== 0) throw this.fail("a key has no value");
    if (dict === PASSED_OVER) return;
    dict.at = this.#offset;
    for (let at = 0; at < items.length; at += 2) {
      const key = items[at];
      const value = items[at + 1];
      if (typeof key === "string" && this.#wanted.has(key)) dict[key] = value;
    }
  }
}
