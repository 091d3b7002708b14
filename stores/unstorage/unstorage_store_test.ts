import { assert, assertEquals, assertThrows } from "@std/assert";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BoDevice, PAGE_SIZE, TtmError, type TtmErrorCode } from "@ttm/core";
import { testStore } from "@ttm/testing";
import { createStorage, type Driver } from "unstorage";
import filesDriver from "unstorage/drivers/fs";
import memoryDriver from "unstorage/drivers/memory";
import nullDriver from "unstorage/drivers/null";
import { testWith } from "../../tests/permissions.ts";
import { type RawStorage, UnstorageStore } from "./mod.ts";

const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);

/** A driver that stores only text, as those of Redis and `localStorage` do, in `kept`. */
function textDriver(kept: Map<string, string> = new Map()): Driver {
  return {
    hasItem: (key) => kept.has(key),
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, String(value)),
    removeItem: (key) => void kept.delete(key),
    getKeys: () => [...kept.keys()],
  };
}

/** A driver like that of S3, which returns the body of an HTTP response. */
function httpDriver(): Driver {
  const inner = memoryDriver();
  return {
    ...inner,
    getItemRaw: async (key, options) => {
      const value = await inner.getItemRaw?.(key, options);
      return value instanceof Uint8Array ? await new Response(value.slice()).arrayBuffer() : null;
    },
  };
}

/** A working storage with some of its members replaced. */
function altered(changes: Partial<RawStorage>): RawStorage {
  const { getItemRaw, setItemRaw, removeItem } = createStorage();
  return { getItemRaw, setItemRaw, removeItem, ...changes };
}

async function refused(act: () => Promise<unknown>, code: TtmErrorCode, message: string): Promise<TtmError> {
  const error = await act().then(() => null, (error) => error);
  assertEquals(error?.code, code, String(error));
  assert(error.message.includes(message), error.message);
  return error;
}

for (const [name, driver] of Object.entries({ memory: memoryDriver, text: textDriver, http: httpDriver })) {
  testStore({
    test: Deno.test,
    name: `unstorage-store (${name})`,
    factory: () => new UnstorageStore({ storage: createStorage({ driver: driver() }) }),
  });
}

const directories: string[] = [];
testStore({
  test: (name, fn) => testWith(["read", "write", "env"], name, fn),
  name: "unstorage-store (files)",
  async factory() {
    const base = await mkdtemp(join(tmpdir(), "ttm-test-"));
    directories.push(base);
    return new UnstorageStore({ storage: createStorage({ driver: filesDriver({ base }) }) });
  },
  dispose: () => rm(directories.pop() ?? "", { recursive: true, force: true }),
});

Deno.test("keys that a storage would change, merge or refuse stay distinct, also on case-insensitive file systems", async () => {
  const kept = new Map<string, string>();
  await using store = new UnstorageStore({ storage: createStorage({ driver: textDriver(kept) }) });
  const keys = [
    "",
    ".",
    "..",
    "a",
    "A",
    "_0041",
    "a?b",
    "a?c",
    "a:b",
    "a::b",
    "a/b",
    ":a",
    "a:",
    "a$",
    "\ud800",
    "\ud801",
  ];
  for (const [at, key] of keys.entries()) await store.write(key, bytes(8, at));
  for (const [at, key] of keys.entries()) assertEquals(await store.read(key), bytes(8, at), key);
  assertEquals(new Set([...kept.keys()].map((key) => key.toLowerCase())).size, keys.length);
});

Deno.test("stores that share a storage do not change each other's or other entries", async () => {
  const storage = createStorage();
  await storage.setItem("ttm-swap:bo-1", "mine");
  const first = new UnstorageStore({ storage });
  const second = new UnstorageStore({ storage, prefix: "gpu:swap" });
  await first.write("bo-1", bytes(10, 1));
  await second.write("bo-1", bytes(10, 2));
  assertEquals([await first.read("bo-1"), await second.read("bo-1")], [bytes(10, 1), bytes(10, 2)]);
  assertEquals((await storage.getKeys("gpu:swap")).length, 1);
  await first.write("empty", new Uint8Array());
  await first.close();
  assertEquals(await second.read("bo-1"), bytes(10, 2));
  await second.close();
  assertEquals(await storage.getKeys(), ["ttm-swap:bo-1"]);
});

Deno.test("a closed store has deleted its entries and refuses calls", async () => {
  const storage = createStorage();
  const store = new UnstorageStore({ storage });
  await store.write("a", bytes(10, 1));
  const late = refused(() => store.write("b", bytes(10, 2)), "EINVAL", "the unstorage store is closed");
  await store.close();
  await late;
  assertEquals([await storage.getKeys(), store.usedBytes], [[], 0]);
  await refused(() => store.write("a", bytes(10, 1)), "EINVAL", "the unstorage store is closed");
  await refused(() => store.read("a"), "EINVAL", "the unstorage store is closed");
  await store.delete("a");
  await store.close();
});

Deno.test("a write beyond maxBytes is ENOSPC, and the earlier entry stays", async () => {
  await using store = new UnstorageStore({ storage: createStorage(), maxBytes: 100 });
  await store.write("a", bytes(60, 1));
  await refused(() => store.write("b", bytes(41, 2)), "ENOSPC", "60 of 100 bytes are used");
  const both = await Promise.allSettled([store.write("b", bytes(40, 2)), store.write("c", bytes(1, 3))]);
  assertEquals(both.map(({ status }) => status), ["fulfilled", "rejected"]);
  await refused(() => store.write("a", bytes(61, 3)), "ENOSPC", "100 of 100");
  assertEquals([await store.read("a"), store.usedBytes], [bytes(60, 1), 100]);
  await store.delete("b");
  await store.write("a", bytes(100, 4));
});

const silent: Readonly<Record<string, () => RawStorage>> = {
  "keeps nothing": () => createStorage({ driver: nullDriver() }),
  "is read-only": () => createStorage({ driver: { hasItem: () => false, getItem: () => null, getKeys: () => [] } }),
  "keeps text": () => createStorage({ driver: { ...textDriver(), setItemRaw: textDriver().setItem as never } }),
  "keeps them as text": () => {
    const driver = textDriver();
    return createStorage({ driver: { ...driver, setItemRaw: driver.setItem as never, getItemRaw: driver.getItem } });
  },
  "cuts them": () => {
    const storage = createStorage();
    return altered({ ...storage, setItemRaw: (key, value) => storage.setItemRaw(key, value.subarray(0, 100)) });
  },
  "changes them": () => {
    const storage = createStorage();
    return altered({ ...storage, setItemRaw: (key, value) => storage.setItemRaw(key, value.with(4000, 9)) });
  },
};
for (const [fault, storage] of Object.entries(silent)) {
  Deno.test(`a storage that says that it keeps bytes and ${fault} gets no page`, async () => {
    const store = new UnstorageStore({ storage: storage() });
    await refused(() => store.write("a", bytes(PAGE_SIZE, 1)), "EIO", "Cannot write a: ");
    assertEquals(store.usedBytes, 0);
    const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
    await using device = new BoDevice({ driver, managers: {}, store });
    using buffer = device.createBuffer({ bytes: PAGE_SIZE });
    await buffer.reserve();
    await buffer.validate({ placement: [{ memoryType: "system" }] });
    await buffer.write(bytes(PAGE_SIZE, 7));
    buffer.unreserve();
    assertEquals([await device.swapOut(), buffer.swapped], [0, false]);
    using _reservation = await buffer.reserve();
    assertEquals(await buffer.read(), bytes(PAGE_SIZE, 7));
  });
}

Deno.test("failures of the storage are errors with a code and the cause, and leave no entry", async () => {
  const failing = async (cause: unknown) => {
    const storage = createStorage();
    const setItemRaw: RawStorage["setItemRaw"] = async (key, value) => {
      await storage.setItemRaw(key, value.subarray(1));
      throw cause;
    };
    const store = new UnstorageStore({ storage: altered({ ...storage, setItemRaw }) });
    const error = await refused(() => store.write("a", bytes(10, 1)), codeFor(cause), "Cannot write a: ");
    assertEquals([error.cause, store.usedBytes, await storage.getKeys()], [cause, 0, []]);
  };
  const codeFor = (cause: unknown) => cause instanceof Error && cause.message === "full" ? "ENOSPC" : "EIO";
  for (const code of ["ENOSPC", "EDQUOT", "EFBIG"]) await failing(Object.assign(new Error("full"), { code }));
  await failing(new DOMException("full", "QuotaExceededError"));
  await failing(new Error("connection lost"));
  await failing("a word");
  await failing(null);
  const lost = new Error("connection lost");
  const store = new UnstorageStore({ storage: altered({ getItemRaw: () => Promise.reject(lost) }) });
  assertEquals((await refused(() => store.read("a"), "EIO", "Cannot read a: connection lost")).cause, lost);
});

testWith(
  ["read", "write", "env"],
  "an error that the driver of files gives instead of throwing it is no data",
  async () => {
    const base = await mkdtemp(join(tmpdir(), "ttm-test-"));
    try {
      const store = new UnstorageStore({ storage: createStorage({ driver: filesDriver({ base }) }) });
      await store.write("a", bytes(10, 1));
      const [folder] = await readdir(join(base, "ttm-swap"));
      const path = join(base, "ttm-swap", folder ?? "", "a.pages");
      await rm(path);
      await refused(() => store.read("a"), "EIO", "there is no such entry");
      await Deno.symlink(path, path);
      const error = await refused(() => store.read("a"), "EIO", "ELOOP");
      assertEquals((error.cause as NodeJS.ErrnoException).code, "ELOOP");
    } finally {
      await rm(base, { recursive: true });
    }
  },
);

const storage = createStorage();
const wrong: readonly unknown[] = [
  null,
  {},
  { storage: null },
  { storage: {} },
  { storage: { ...storage, removeItem: 5 } },
  ...[5, "", "a?b", "a/b", "..", "a::b", ":a", "a:"].map((prefix) => ({ storage, prefix })),
  ...[-1, 0.5, NaN, Infinity, "5"].map((maxBytes) => ({ storage, maxBytes })),
];
for (const [at, options] of wrong.entries()) {
  Deno.test(`wrong options (${at}) of an unstorage store are refused: ${JSON.stringify(options)}`, () => {
    const error = assertThrows(() => new UnstorageStore(options as never), TtmError, "Cannot create unstorage store");
    assertEquals(error.code, "EINVAL");
  });
}
