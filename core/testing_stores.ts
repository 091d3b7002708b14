/**
 * Stores whose every call is recorded, for the tests of the core.
 *
 * @module
 */
import type { ReadOnlyStore, SwapStore } from "./mod.ts";

/** A store in memory whose contents the test sees and changes. */
export interface RecordingStore extends SwapStore {
  /** What is under each key. */
  readonly kept: Map<string, Uint8Array>;
  /** What was asked: `"read a"`, `"write a"`, `"delete a"`. */
  readonly calls: string[];
  /** Which calls throw. */
  failing: "" | "write" | "read";
}

/** Makes a store that can be written, with bytes of each key filled with one number: `{ a: [4096, 7] }`. */
export function recordingStore(contents: Readonly<Record<string, readonly [number, number]>> = {}): RecordingStore {
  const kept = new Map(
    Object.entries(contents).map(([key, [length, byte]]) => [key, new Uint8Array(length).fill(byte)]),
  );
  const calls: string[] = [];
  const called = (what: string, key: string) => {
    calls.push(`${what} ${key}`);
    if (store.failing === what) throw new Error("bad sector");
  };
  const store: RecordingStore = {
    name: "recording",
    kept,
    calls,
    failing: "",
    write(key, bytes) {
      called("write", key);
      kept.set(key, bytes.slice());
    },
    read(key) {
      called("read", key);
      const bytes = kept.get(key);
      if (bytes === undefined) throw new Error(`nothing is kept under ${key}`);
      return bytes.slice();
    },
    delete(key) {
      called("delete", key);
      kept.delete(key);
    },
  };
  return store;
}

/** The same bytes, as a store that can only be read. */
export function readOnly(store: RecordingStore): ReadOnlyStore {
  return { name: "read-only", readOnly: true, read: (key) => store.read(key) };
}
