import { assert, assertEquals, assertThrows } from "@std/assert";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { BoDevice, PAGE_SIZE, TtmError, type TtmErrorCode } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { testStore } from "@ttm/testing";
import { missing, testWith } from "../../tests/permissions.ts";
import { FileStore, type FileStoreOptions } from "./mod.ts";

/** Runs a test with a store in a directory that is removed afterwards. */
function storeTest(
  name: string,
  test: (store: FileStore, directory: string) => Promise<void>,
  options: Partial<FileStoreOptions> = {},
): void {
  testWith(["read", "write", "env", "run"], name, async () => {
    const directory = await mkdtemp(join(tmpdir(), "ttm-test-"));
    try {
      await using store = new FileStore({ directory, ...options });
      await test(store, directory);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}

async function refused(act: () => Promise<unknown>, code: TtmErrorCode, message: string): Promise<void> {
  const error = await act().then(() => null, (error) => error);
  assertEquals(error?.code, code, String(error));
  assert(error.message.includes(message), error.message);
}

const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);

storeTest("read() returns the last bytes written under a key, for any key", async (store) => {
  for (const key of ["bo-1", "../../etc/passwd", "a/b\\c:d", "ü ☃", "."]) {
    await store.write(key, bytes(100, 1));
    await store.write(key, bytes(5000, 2));
    assertEquals(await store.read(key), bytes(5000, 2));
  }
  await store.write("empty", new Uint8Array());
  assertEquals([await store.read("empty"), store.usedBytes], [new Uint8Array(), 5 * 5000]);
});

const directories: string[] = [];
testStore({
  test: (name, fn) => testWith(["read", "write", "env", "run"], name, fn),
  name: "file-store",
  async factory() {
    const directory = await mkdtemp(join(tmpdir(), "ttm-test-"));
    directories.push(directory);
    return new FileStore({ directory });
  },
  async dispose(store) {
    await (store as FileStore).close();
    await rm(directories.pop() ?? "", { recursive: true, force: true });
  },
});

storeTest("delete() removes a key, and ignores an unknown one", async (store) => {
  await store.write("a", bytes(10, 1));
  await store.delete("a");
  await store.delete("a");
  await refused(() => store.read("a"), "EIO", "Cannot read a");
  assertEquals([store.usedBytes, await readdir(store.folder)], [0, []]);
});

storeTest("a write beyond maxBytes is ENOSPC, and the earlier entry stays", async (store) => {
  await store.write("a", bytes(60, 1));
  await refused(() => store.write("b", bytes(41, 2)), "ENOSPC", "60 of 100 bytes are used");
  await store.write("b", bytes(40, 2));
  await refused(() => store.write("a", bytes(61, 3)), "ENOSPC", "100 of 100");
  assertEquals([await store.read("a"), store.usedBytes], [bytes(60, 1), 100]);
  await store.delete("b");
  await store.write("a", bytes(100, 4));
  const both = await Promise.allSettled([store.write("c", bytes(1, 1)), store.delete("a")]);
  assertEquals(both.map(({ status }) => status), ["rejected", "fulfilled"]);
}, { maxBytes: 100 });

storeTest("truncated, damaged or foreign files are EIO", async (store) => {
  await store.write("a", bytes(1000, 7));
  const [name] = await readdir(store.folder);
  const path = join(store.folder, name ?? "");
  const good = await readFile(path);
  const spoiled = [
    good.subarray(0, 0),
    good.subarray(0, 15),
    good.subarray(0, 999),
    new Uint8Array([...good, 0]),
    good.with(500, 8),
    good.with(0, 0),
  ];
  for (const file of spoiled) {
    await writeFile(path, file);
    await refused(() => store.read("a"), "EIO", "damaged or incomplete");
  }
  await writeFile(path, good);
  assertEquals(await store.read("a"), bytes(1000, 7));
});

storeTest("a failed write is EIO and leaves no file", async (store) => {
  await rm(store.folder, { recursive: true });
  await refused(() => store.write("a", bytes(10, 1)), "EIO", "Cannot write a");
  assertEquals(store.usedBytes, 0);
});

storeTest("a closed store has removed its files and refuses calls", async (store, directory) => {
  await store.write("a", bytes(10, 1));
  await store.close();
  assertEquals([await readdir(directory), store.usedBytes], [[], 0]);
  await refused(() => store.write("a", bytes(10, 1)), "EINVAL", "the file store is closed");
  await refused(() => store.read("a"), "EINVAL", "the file store is closed");
  await store.delete("a");
});

/** Creates folders beside the folder of a store, and then another store; whether each folder still exists. */
async function leftBeside(directory: string, names: readonly string[]): Promise<boolean[]> {
  for (const name of names) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, "bo-1.pages"), "old");
  }
  await using _second = new FileStore({ directory });
  const left = await readdir(directory);
  return names.map((name) => left.includes(name));
}

/** Above the largest process id of Linux. */
const NO_PROCESS = 2 ** 22 + 1;

storeTest(
  "only folders of dead processes are removed",
  async (store, directory) => {
    const names = [
      `ttm-swap-${NO_PROCESS}-x`,
      "ttm-swap-1-x",
      `ttm-swap-${process.pid}-x`,
      "ttm-swap-x",
      "somebody-else",
    ];
    assertEquals(await leftBeside(directory, names), [false, true, true, true, true]);
    assert((await readdir(directory)).includes(basename(store.folder)));
  },
);

const obstacle = missing("read", "write", "env", "run");
Deno.test({
  name: `without permission to ask after processes no folder is removed${obstacle ? ` (skipped: ${obstacle})` : ""}`,
  ignore: obstacle !== undefined,
  permissions: { read: "inherit", write: "inherit", env: "inherit", run: false },
  async fn() {
    const directory = await mkdtemp(join(tmpdir(), "ttm-test-"));
    try {
      assertEquals(await leftBeside(directory, [`ttm-swap-${NO_PROCESS}-x`, "ttm-swap-1-x"]), [true, true]);
    } finally {
      await rm(directory, { recursive: true });
    }
  },
});

storeTest("buffers that are swapped out to files come back with their bytes", async (store) => {
  const driver = new RadeonSim({ vram: 8 * PAGE_SIZE, gtt: 8 * PAGE_SIZE });
  const managers = { vram: firstFit(), gtt: firstFit() };
  const device = new BoDevice({ driver, managers, store, limits: { pages: 2 } });
  const buffers = Array.from({ length: 6 }, () => device.createBuffer({ bytes: PAGE_SIZE }));
  for (const [at, buffer] of buffers.entries()) {
    using _reservation = await buffer.reserve();
    await buffer.validate({ placement: [{ memoryType: "system" }] });
    await buffer.write(bytes(PAGE_SIZE, at + 1));
  }
  assertEquals([buffers.filter(({ swapped }) => swapped).length, store.usedBytes], [4, 4 * PAGE_SIZE]);
  for (const [at, buffer] of buffers.entries()) {
    using _reservation = await buffer.reserve();
    assertEquals(await buffer.read(), bytes(PAGE_SIZE, at + 1));
  }
  for (const buffer of buffers) buffer.unref();
  assertEquals(store.usedBytes, 0);
});

storeTest("buffers that a full store refuses stay in memory", async (store) => {
  const driver = new RadeonSim({ vram: 8 * PAGE_SIZE, gtt: 8 * PAGE_SIZE });
  const device = new BoDevice({ driver, managers: {}, store });
  const buffer = device.createBuffer({ bytes: PAGE_SIZE });
  using _reservation = await buffer.reserve();
  await buffer.validate({ placement: [{ memoryType: "system" }] });
  await buffer.write(bytes(PAGE_SIZE, 3));
  buffer.unlock();
  assertEquals([await device.swapOut(), buffer.swapped], [0, false]);
  buffer.tryReserve();
  assertEquals(await buffer.read(), bytes(PAGE_SIZE, 3));
}, { maxBytes: 100 });

const wrong: readonly unknown[] = [null, {}, { directory: 5 }, { directory: "" }, { directory: "x", maxBytes: -1 }];
for (const options of wrong) {
  Deno.test(`a file store of ${JSON.stringify(options)} is refused`, () => {
    assertThrows(() => new FileStore(options as never), TtmError, "Cannot create file store");
  });
}

storeTest("a directory that cannot be made is EIO", async (store) => {
  await store.write("a", bytes(1, 1));
  const [name = ""] = await readdir(store.folder);
  const directory = join(store.folder, name, "below");
  assertEquals(assertThrows(() => new FileStore({ directory }), TtmError, "Cannot create file store").code, "EIO");
});
