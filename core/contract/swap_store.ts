/**
 * Where the pages of swapped-out buffers go. Members may return promises; the core then goes on when they settle. It
 * checks every read against the checksum of what was written.
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
  /**
   * Keeps bytes under a key, replacing what was there. The bytes are the store's to read until the call has ended, and
   * not after. Throws or rejects, with `ENOSPC` when it is full; then nothing is kept, and the buffer stays in memory.
   */
  write(key: string, bytes: Uint8Array): void | Promise<void>;
  /**
   * What was last written under the key; the bytes become the core's. Throws or rejects when they cannot be had now; the
   * buffer stays swapped out and it may be tried again.
   */
  read(key: string): Uint8Array | Promise<Uint8Array>;
  /** Forgets a key, known or not. Must not throw; errors of a promise are ignored. */
  delete(key: string): void | Promise<void>;
}

/** A store in host memory: synchronous, and never full. */
export function memoryStore(): SwapStore {
  const kept = new Map<string, Uint8Array>();
  return {
    name: "memory",
    write: (key, bytes) => void kept.set(key, bytes.slice()),
    read: (key) => {
      const bytes = kept.get(key);
      if (bytes === undefined) throw new Error(`nothing is kept under ${key}`);
      return bytes.slice();
    },
    delete: (key) => void kept.delete(key),
  };
}

/** Whether a store takes its time. */
export function isPromise<Result>(result: Result | Promise<Result>): result is Promise<Result> {
  return typeof (result as Promise<Result> | undefined)?.then === "function";
}

let keys = 0;

/** A key that no other buffer of this process has. */
export function nextSwapKey(): string {
  return `bo-${++keys}`;
}
