/**
 * Stores the contents of swapped-out buffers. Members may return promises; the core then continues when they settle. It
 * checks the bytes of every read against the checksum of those written.
 *
 * @example A store that counts
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, memoryStore, type SwapStore } from "@ttm/core";
 *
 * const inner = memoryStore();
 * let written = 0;
 * const store: SwapStore = {
 *   name: "counting",
 *   write: (key, bytes) => (written += bytes.length, inner.write(key, bytes)),
 *   read: (key) => inner.read(key),
 *   delete: (key) => inner.delete(key),
 * };
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {}, store });
 * using buffer = device.createBuffer({ bytes: 4096 });
 * buffer.tryReserve();
 * await buffer.validate({ placement: [{ memoryType: "system" }] });
 * await buffer.write(new Uint8Array([7]));
 * buffer.unreserve();
 * assertEquals([await device.swapOut(), written, buffer.swapped], [1, 4096, true]);
 * ```
 */
export interface SwapStore {
  /** For messages. */
  readonly name: string;
  /** Stores that cannot be written are {@linkcode ReadOnlyStore}s. @default {false} */
  readonly readOnly?: false;
  /**
   * Stores bytes under a key, replacing earlier ones. The store may read `bytes` until the call returns or its promise
   * settles, and not after. Throws or rejects if it fails, with `ENOSPC` if the store is full; then nothing is stored,
   * and the buffer stays in memory.
   */
  write(key: string, bytes: Uint8Array): void | Promise<void>;
  /**
   * Returns the bytes last written under a key; the core takes ownership of them. Throws or rejects if it cannot read
   * them now; the buffer then stays swapped out, and the read may be tried again.
   */
  read(key: string): Uint8Array | Promise<Uint8Array>;
  /** Deletes a key; does nothing if it is unknown. Must not throw; a rejection is ignored. */
  delete(key: string): void | Promise<void>;
}

/**
 * A store that is only read: contents that buffers are created from (`BufferOptions.stored`). Contents that have changed
 * go to the store of the device.
 */
export interface ReadOnlyStore {
  /** For messages. */
  readonly name: string;
  /** Always true. */
  readonly readOnly: true;
  /**
   * Returns the bytes under a key; the core takes ownership of them. Throws or rejects if there are none, or if it
   * cannot read them now; the read may be tried again.
   */
  read(key: string): Uint8Array | Promise<Uint8Array>;
}

/** A store in host memory: synchronous, and never full. */
export function memoryStore(): SwapStore {
  const kept = new Map<string, Uint8Array>();
  return {
    name: "memory",
    write: (key, bytes) => void kept.set(key, bytes.slice()),
    read: (key) => {
      const bytes = kept.get(key);
      if (bytes === undefined) throw new Error(`there is no entry ${key}`);
      return bytes.slice();
    },
    delete: (key) => void kept.delete(key),
  };
}

/** Whether a result of a store is asynchronous. */
export function isPromise<Result>(result: Result | Promise<Result>): result is Promise<Result> {
  return typeof (result as Promise<Result> | undefined)?.then === "function";
}

let keys = 0;

/** A key that no other buffer of this process has. */
export function nextSwapKey(): string {
  return `bo-${++keys}`;
}

/** Whether {@linkcode nextSwapKey} makes such keys. */
export function isOwnKey(key: string): boolean {
  return /^bo-\d+$/.test(key);
}
