import { assert } from "@std/assert";
import type { ReadOnlyStore, SwapStore } from "@ttm/core";
import { testReadOnlyStore, testStore } from "./mod.ts";
import { broken } from "./testing_broken_store.ts";
import { complaints } from "./testing_faults.ts";

const isWhole = (bytes: Uint8Array) => bytes.length === bytes.buffer.byteLength;

/** A store that copies what `isLate` selects only after a time, and gives a snapshot until then. */
const late = (ms: number, isLate: (bytes: Uint8Array) => boolean = () => true) => () =>
  broken((kept, good) => ({
    write(key, bytes) {
      kept.set(key, bytes.slice());
      if (isLate(bytes)) setTimeout(() => good.write(key, bytes), ms);
    },
  }));

/** A store that keeps the arrays that `isKept` selects. */
const keeping = (isKept: (bytes: Uint8Array) => boolean) => () =>
  broken((kept) => ({ write: (key, bytes) => void kept.set(key, isKept(bytes) ? bytes : bytes.slice()) }));

/** A store that gives all readers the same memory. */
function givesOneArray(): SwapStore {
  const scratch = new Uint8Array(2 ** 20);
  return broken((_kept, good) => ({
    read(key) {
      const bytes = good.read(key) as Uint8Array;
      scratch.set(bytes);
      return scratch.subarray(0, bytes.length);
    },
  }));
}

/** Keeps equal bytes, as `id` names them, once. */
const sharing = (id: (bytes: Uint8Array) => string, isCounted: boolean) => () => {
  const bytesBy = new Map<string, Uint8Array>();
  const ids = new Map<string, string>();
  return broken(() => ({
    write(key, bytes) {
      ids.set(key, id(bytes));
      if (!bytesBy.has(id(bytes))) bytesBy.set(id(bytes), bytes.slice());
    },
    read: (key) => bytesBy.get(ids.get(key) as string)?.slice() as Uint8Array,
    delete(key) {
      const name = ids.get(key) as string;
      ids.delete(key);
      if (!isCounted || ![...ids.values()].includes(name)) bytesBy.delete(name);
    },
  }));
};

/** Stores, and a part of the message of a case that they fail. */
const faults: Readonly<Record<string, readonly [factory: () => SwapStore, said: string]>> = {
  "reads the bytes when its write has long ended": [late(5), "after write() had ended"],
  "reads the bytes in the next turn": [late(0), "after write() had ended"],
  "reads large bytes late": [late(5, ({ length }) => length > 2 ** 16), "after write() had ended"],
  "reads whole arrays late": [late(5, isWhole), "after write() had ended"],
  "reads the bytes again at the next write": [
    () => {
      const before: [string, Uint8Array][] = [];
      return broken((_kept, good) => ({
        write(key, bytes) {
          for (const [old, its] of before.splice(0)) good.write(old, its);
          good.write(key, bytes);
          before.push([key, bytes]);
        },
      }));
    },
    "after write() had ended",
  ],
  "keeps large bytes of the writer": [keeping(({ length }) => length > 2 ** 16), "after write() had ended"],
  "keeps whole arrays of the writer": [keeping(isWhole), "after write() had ended"],
  "keeps parts of arrays of the writer": [keeping((bytes) => !isWhole(bytes)), "after write() had ended"],
  "changes the bytes of the writer": [
    () =>
      broken((_kept, good) => ({
        write(key, bytes) {
          good.write(key, bytes);
          bytes.reverse();
        },
      })),
    "write() changed the bytes",
  ],
  "gives one array to all readers": [givesOneArray, "after another read()"],
  "gives readers at the same time one array": [
    () => {
      const reads = new Map<string, Promise<Uint8Array>>();
      return broken((_kept, good) => ({
        read(key) {
          const pending = reads.get(key) ?? Promise.resolve().then(() => good.read(key));
          reads.set(key, pending);
          return pending.finally(() => reads.delete(key));
        },
      }));
    },
    "after the bytes of another read() were changed",
  ],
  "deletes after the call has ended": [
    () => broken((_kept, good) => ({ delete: (key) => void setTimeout(() => good.delete(key), 5) })),
    "read",
  ],
  "hides deleted keys, and deletes them after the call has ended": [
    () =>
      broken((kept, good) => {
        const hidden = new Set<string>();
        return {
          write: (key, bytes) => void (hidden.delete(key), good.write(key, bytes)),
          read: (key) => hidden.has(key) ? good.read("none") : good.read(key),
          delete: (key) => void (hidden.add(key), setTimeout(() => kept.delete(key), 5)),
        };
      }),
    "there is none",
  ],
  "takes equal lengths for equal bytes": [sharing(({ length }) => `${length}`, true), "was written"],
  "takes equal beginnings for equal bytes": [
    sharing((bytes) => `${bytes.length} ${bytes.subarray(0, 64)}`, true),
    "was written",
  ],
  "forgets equal bytes of another key": [sharing((bytes) => `${bytes}`, false), "read() gave undefined"],
  "cuts long keys": [
    () =>
      broken((_kept, good) => ({
        write: (key, bytes) => good.write(key.slice(0, 128), bytes),
        read: (key) => good.read(key.slice(0, 128)),
        delete: (key) => good.delete(key.slice(0, 128)),
      })),
    "was written",
  ],
  "takes escaped keys for what they stand for": [
    () =>
      broken((_kept, good) => ({
        write: (key, bytes) => good.write(decodeURIComponent(key), bytes),
        read: (key) => good.read(decodeURIComponent(key)),
        delete: (key) => good.delete(decodeURIComponent(key)),
      })),
    "was written",
  ],
  "takes composed letters for decomposed ones": [
    () =>
      broken((_kept, good) => ({
        write: (key, bytes) => good.write(key.normalize(), bytes),
        read: (key) => good.read(key.normalize()),
        delete: (key) => good.delete(key.normalize()),
      })),
    "was written",
  ],
};

for (const [fault, [factory, said]] of Object.entries(faults)) {
  Deno.test(`the store suite detects a store that ${fault}, and says so`, async () => {
    const failed = await complaints((test) => testStore({ test, factory }));
    await new Promise((resolve) => setTimeout(resolve, 10));
    const messages = failed.map(([, message]) => message);
    assert(messages.some((message) => message.includes(said)), `it said: ${messages.join("\n")}`);
  });
}

const contents = new Map([["a", new Uint8Array(5000).fill(3)], ["b", new Uint8Array(4000).fill(4)]]);
const readOnlyFaults: Readonly<Record<string, readonly [store: Pick<ReadOnlyStore, "read">, said: string]>> = {
  "gives one array to all readers": [
    {
      read: (() => {
        const scratch = new Uint8Array(8192);
        return (key: string) => {
          const bytes = contents.get(key);
          if (bytes === undefined) throw new Error("there is none");
          scratch.set(bytes);
          return scratch.subarray(0, bytes.length);
        };
      })(),
    },
    "after another read()",
  ],
};

for (const [fault, [{ read }, said]] of Object.entries(readOnlyFaults)) {
  Deno.test(`the suite of read-only stores detects one that ${fault}, and says so`, async () => {
    const factory = () => ({ store: { name: "shelf", readOnly: true as const, read }, contents });
    const failed = await complaints((test) => testReadOnlyStore({ test, factory }));
    assert(failed.some(([, message]) => message.includes(said)), `it said: ${failed.join("\n")}`);
  });
}
