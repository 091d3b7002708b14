import { assert } from "@std/assert";
import { memoryStore, type ReadOnlyStore, type SwapStore } from "@ttm/core";
import { failingStore, testReadOnlyStore, testStore } from "./mod.ts";
import { broken } from "./testing_broken_store.ts";
import { failures } from "./testing_faults.ts";

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

const BYTES = new Uint8Array(5000).fill(3);

/** A read-only store with two keys, with some members replaced by wrong ones; `shelf` is what it has. */
function readOnly(change: (shelf: ReadonlyMap<string, Uint8Array>) => Partial<ReadOnlyStore>) {
  const shelf = new Map([["a", BYTES.slice()], ["b", BYTES.subarray(1000).with(7, 7)]]);
  const contents = new Map([...shelf].map(([key, bytes]) => [key, bytes.slice()]));
  const read = (key: string) => {
    const bytes = shelf.get(key);
    if (bytes === undefined) throw new Error(`there is no ${key}`);
    return bytes.slice();
  };
  const store: ReadOnlyStore = { name: "shelf", readOnly: true, read, ...change(shelf) };
  return { store, contents };
}

const readOnlyFaults: Readonly<Record<string, Parameters<typeof readOnly>[0]>> = {
  "gives its own bytes away": (shelf) => ({ read: (key) => shelf.get(key) ?? fail() }),
  "has the bytes of another key": (shelf) => ({
    read: (key) => (shelf.has(key) ? shelf.get("a") : fail())?.slice() as never,
  }),
  "gives more than there is": (shelf) => ({ read: (key) => new Uint8Array([...shelf.get(key) ?? fail(), 0]) }),
  "gives zeros for what is not there": (shelf) => ({ read: (key) => shelf.get(key)?.slice() ?? new Uint8Array(10) }),
  "can be read once": (shelf) => {
    const left = new Map(shelf);
    return {
      read(key) {
        const bytes = left.get(key) ?? fail();
        left.delete(key);
        return bytes;
      },
    };
  },
  "gives one answer at a time": (shelf) => {
    let isBusy = false;
    return {
      async read(key) {
        if (isBusy) fail();
        isBusy = true;
        await Promise.resolve();
        isBusy = false;
        return shelf.get(key)?.slice() ?? fail();
      },
    };
  },
  "does not say that it is read-only": () => ({ readOnly: undefined as never }),
  "has no name": () => ({ name: "" }),
  "has no key to read": () => ({}),
};

function fail(): never {
  throw new Error("there is none");
}

for (const [fault, change] of Object.entries(readOnlyFaults)) {
  Deno.test(`the suite of read-only stores notices one that ${fault}`, async () => {
    const isEmpty = fault === "has no key to read";
    const failed = await failures((test) =>
      testReadOnlyStore({ test, factory: () => ({ ...readOnly(change), ...(isEmpty && { contents: new Map() }) }) })
    );
    assert(failed.length > 0);
  });
}

Deno.test("the suite of read-only stores has nothing against a right one", async () => {
  const failed = await failures((test) => testReadOnlyStore({ test, factory: () => readOnly(() => ({})) }));
  assert(failed.length === 0, failed.join());
});
