import { assert } from "@std/assert";
import { memoryStore, type SwapStore, TtmError } from "@ttm/core";
import { failingStore, testStore } from "./mod.ts";
import { failures } from "./testing_faults.ts";

/** A store over a `Map`, with some members replaced by wrong ones. */
function broken(change: (kept: Map<string, Uint8Array>, good: SwapStore) => Partial<SwapStore>): SwapStore {
  const kept = new Map<string, Uint8Array>();
  const good: SwapStore = {
    name: "broken",
    write: (key, bytes) => void kept.set(key, bytes.slice()),
    read(key) {
      const bytes = kept.get(key);
      if (bytes === undefined) throw new TtmError("EIO", `Cannot read ${key}: there is none`);
      return bytes.slice();
    },
    delete: (key) => void kept.delete(key),
  };
  return { ...good, ...change(kept, good) };
}

const faults: Readonly<Record<string, () => SwapStore>> = {
  "keeps the bytes of the writer": () => broken((kept) => ({ write: (key, bytes) => void kept.set(key, bytes) })),
  "gives its own bytes away": () => broken((kept, good) => ({ read: (key) => kept.get(key) ?? good.read(key) })),
  "keeps the whole buffer of a part": () =>
    broken((kept) => ({
      write: (key, bytes) => void kept.set(key, new Uint8Array(bytes.buffer.slice(0) as ArrayBuffer)),
    })),
  "keeps the first write": () =>
    broken((kept, good) => ({ write: (key, bytes) => kept.has(key) ? undefined : good.write(key, bytes) })),
  "appends": () =>
    broken((kept, good) => ({
      write: (key, bytes) => good.write(key, new Uint8Array([...kept.get(key) ?? [], ...bytes])),
    })),
  "never forgets": () => broken(() => ({ delete: () => {} })),
  "forgets everything": () => broken((kept) => ({ delete: () => kept.clear() })),
  "forgets what it has read": () =>
    broken((kept, good) => ({
      read(key) {
        const bytes = good.read(key);
        kept.delete(key);
        return bytes;
      },
    })),
  "reads zeros where there is nothing": () =>
    broken((kept, good) => ({ read: (key) => kept.has(key) ? good.read(key) : new Uint8Array(10) })),
  "throws for a key that never was": () =>
    broken((kept, good) => ({
      delete(key) {
        if (!kept.has(key)) throw new Error("unknown");
        good.delete(key);
      },
    })),
  "does not tell keys by case": () =>
    broken((_kept, good) => ({
      write: (key, bytes) => good.write(key.toLowerCase(), bytes),
      read: (key) => good.read(key.toLowerCase()),
    })),
  "cuts keys": () =>
    broken((_kept, good) => ({
      write: (key, bytes) => good.write(key.slice(0, 4), bytes),
      read: (key) => good.read(key.slice(0, 4)),
    })),
  "keeps no empty bytes": () =>
    broken((_kept, good) => ({ write: (key, bytes) => bytes.length === 0 ? undefined : good.write(key, bytes) })),
  "writes after the call has ended": () =>
    broken((_kept, good) => ({
      write: (key, bytes) => {
        const copy = bytes.slice();
        setTimeout(() => good.write(key, copy));
        return Promise.resolve();
      },
    })),
  "reads text": () => broken((_kept, good) => ({ read: (key) => String(good.read(key)) as never })),
  "changes a byte": () =>
    broken((_kept, good) => ({
      write: (key, bytes) => good.write(key, bytes.length > 3000 ? bytes.with(3000, 0) : bytes),
    })),
  "has no name": () => broken(() => ({ name: "" })),
  "reads short": () => failingStore(memoryStore(), { shortBy: 1 }),
  "is full": () => failingStore(memoryStore(), { fullAt: 10_000 }),
  "fails now and then": () => failingStore(memoryStore(), { failEvery: 7 }),
};

for (const [fault, factory] of Object.entries(faults)) {
  Deno.test(`the store suite detects a store that ${fault}`, async () => {
    const failed = await failures((test) => testStore({ test, factory }));
    assert(failed.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
}
