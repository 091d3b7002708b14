import type { Fail } from "./values.ts";

/** A token that makes, frees or uses memory; addresses are virtual, sizes in bytes. */
export type RmtToken =
  & { readonly at: number; readonly ticks: number }
  & (
    | { readonly kind: "allocate"; readonly address: number; readonly bytes: number; readonly heap: number }
    | { readonly kind: "free"; readonly address: number }
    | { readonly kind: "create"; readonly resource: number }
    | { readonly kind: "destroy"; readonly resource: number }
    | { readonly kind: "bind"; readonly resource: number; readonly address: number; readonly bytes: number }
  );

const TYPE = {
  timestamp: 0,
  userData: 4,
  bind: 7,
  free: 11,
  allocate: 12,
  create: 13,
  delta: 14,
  destroy: 15,
} as const;

/** Sizes in bytes of tokens of one size, by type. */
const SIZES: ReadonlyMap<number, number> = new Map([
  [0, 12],
  [1, 14],
  [3, 18],
  [5, 2],
  [6, 8],
  [7, 17],
  [8, 6],
  [9, 10],
  [10, 8],
  [11, 7],
  [12, 12],
  [15, 5],
]);

/** Sizes in bytes of what describes a resource, by type; images and descriptor pools depend on more. */
const [IMAGE, DESCRIPTOR_POOL] = [0, 14];
const RESOURCE_SIZES: readonly number[] = [38, 11, 1, 1, 0, 0, 12, 1, 4, 6, 0, 10, 19, 4, 3, 44, 1, 17];

/** Tokens whose first byte has the time since the last one, in its upper half. */
const TIMED: ReadonlySet<number> = new Set([3, 4, 5, 6, 7, 8, 10, 11, 12, 13]);
const TICKS = 32;
const PAGE_BYTES = 4096;

/** Reads a stream of RMT tokens. Ticks count from the machine's start, those of a stream from a `timestamp` token. */
export class RmtStream {
  /** Ticks a second, as the first token says. */
  readonly frequency: number;
  readonly #data: DataView;
  readonly #version: number;
  readonly #failAt: (offset: number) => Fail;

  /**
   * @param failAt Makes the error for an offset in the data.
   * @param version Ten times the major version of the tokens, and the minor one.
   * @throws {WorkloadError} Unless the first token is a timestamp.
   */
  constructor(data: DataView, version: number, failAt: (offset: number) => Fail) {
    [this.#data, this.#version, this.#failAt] = [data, version, failAt];
    if (data.byteLength < 12 || (data.getUint8(0) & 15) !== TYPE.timestamp) {
      throw failAt(0)("a stream of tokens must begin with a timestamp");
    }
    this.frequency = data.getUint32(8, true);
    if (this.frequency === 0) throw failAt(0)("a timestamp has the frequency 0");
  }

  /** The tokens about memory; all others are passed over. */
  *tokens(): Generator<RmtToken, void> {
    let ticks = 0;
    for (let at = 0; at < this.#data.byteLength;) {
      const type = this.#data.getUint8(at) & 15;
      const size = this.#size(at, type);
      if (at + size > this.#data.byteLength) throw this.#failAt(at)("a token is cut short");
      if (type === TYPE.timestamp) ticks = Number(this.#data.getBigUint64(at, true) >> 4n) * TICKS;
      else if (type === TYPE.delta) ticks += this.#bits(at, 8, 8 * size) * TICKS;
      else if (TIMED.has(type)) ticks += (this.#data.getUint8(at) >> 4) * TICKS;
      const token = this.#token(at, type);
      if (token !== undefined) yield { ...token, at, ticks };
      at += size;
    }
  }

  #token(at: number, type: number) {
    const bits = (from: number, to: number) => this.#bits(at, from, to);
    if (type === TYPE.allocate) {
      const [address, bytes] = [bits(34, 82), (bits(8, 32) + 1) * PAGE_BYTES];
      return { kind: "allocate", address, bytes, heap: bits(82, 84) } as const;
    }
    if (type === TYPE.free) return { kind: "free", address: bits(8, 56) } as const;
    if (type === TYPE.create) return { kind: "create", resource: bits(8, 40) } as const;
    if (type === TYPE.destroy) return { kind: "destroy", resource: bits(8, 40) } as const;
    if (type !== TYPE.bind) return undefined;
    return { kind: "bind", resource: bits(104, 136), address: bits(8, 56), bytes: bits(56, 100) } as const;
  }

  #size(at: number, type: number): number {
    const fail = this.#failAt(at);
    const need = (bytes: number) => {
      if (at + bytes > this.#data.byteLength) throw fail("a token is cut short");
    };
    if (type === TYPE.delta) return 1 + ((this.#data.getUint8(at) >> 4) & 7);
    if (type === TYPE.userData) {
      need(4);
      return 4 + (this.#data.getUint32(at, true) >>> 12);
    }
    if (type !== TYPE.create) {
      const size = SIZES.get(type);
      if (size === undefined) throw fail(`a token has the unknown type ${type}`);
      return size;
    }
    need(10);
    const resource = this.#data.getUint8(at + 6) & 63;
    const size = RESOURCE_SIZES[resource];
    if (size === undefined) throw fail(`a resource has the unknown type ${resource}`);
    if (resource === IMAGE && this.#version >= 16) return 7 + size + 1;
    return 7 + size + (resource === DESCRIPTOR_POOL ? 4 * this.#data.getUint8(at + 9) : 0);
  }

  /** The bits of a token from one to before another, the lowest first; at most 53 of them are exact. */
  #bits(at: number, from: number, to: number): number {
    let value = 0;
    for (let bit = to - 1; bit >= from; bit--) {
      value = value * 2 + ((this.#data.getUint8(at + (bit >> 3)) >> (bit & 7)) & 1);
    }
    return value;
  }
}
