import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ReadOnlyStore, TtmError } from "@ttm/core";
import { testReadOnlyStore } from "@ttm/testing";
import { testWith } from "../../tests/permissions.ts";
import { fileSource } from "./file_source.ts";
import { blobSource, type ByteSource, rangeStore } from "./mod.ts";

const BYTES = new Uint8Array(20_000).map((_, at) => at % 251);
const ranges = new Map([
  ["first", { offset: 0, length: 5 }],
  ["middle", { offset: 4, length: 9000 }],
  ["last", { offset: 19_999, length: 1 }],
  ["none", { offset: 7, length: 0 }],
]);
const contents = new Map(
  [...ranges].map(([key, { offset, length }]) => [key, BYTES.slice(offset, offset + length)]),
);

testReadOnlyStore({
  test: Deno.test,
  name: "range store of a blob",
  factory: () => ({ store: rangeStore({ source: blobSource(new Blob([BYTES])), ranges }), contents }),
});

const folders = new WeakMap<ReadOnlyStore, string>();
testReadOnlyStore({
  test: (name, fn) => testWith(["read", "write", "env"], name, fn),
  name: "range store of a file",
  async factory() {
    const folder = await mkdtemp(join(tmpdir(), "ttm-test-"));
    const path = join(folder, "weights");
    await writeFile(path, BYTES);
    const store = rangeStore({ source: fileSource(path), ranges });
    folders.set(store, folder);
    return { store, contents };
  },
  dispose: (store) => rm(folders.get(store) ?? "", { recursive: true }),
});

testWith(["read", "write", "env"], "a file that ends too early, or is not there, is EIO", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ttm-test-"));
  try {
    const path = join(folder, "weights");
    const store = rangeStore({ source: fileSource(path), ranges });
    const missing = await assertRejects(() => store.read("first") as Promise<unknown>, TtmError, "weights");
    assertEquals(missing.code, "EIO");
    await writeFile(path, BYTES.subarray(0, 100));
    assertEquals(await fileSource(path).size(), 100);
    const message = `Cannot read 9000 bytes from byte 4 of ${path}: the file ends at byte 100`;
    await assertRejects(() => store.read("middle") as Promise<unknown>, TtmError, message);
    await writeFile(path, BYTES);
    assertEquals(await store.read("middle"), contents.get("middle"));
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("a source that gives another number of bytes, or none, is EIO", async () => {
  const blob = blobSource(new Blob([BYTES]));
  for (const [given, message] of [[new Uint8Array(4), "it gave 4 bytes"], ["text", 'it gave "text"']] as const) {
    const source: ByteSource = { ...blob, read: () => Promise.resolve(given as never) };
    const error = await assertRejects(
      () => rangeStore({ source, ranges }).read("first") as Promise<unknown>,
      TtmError,
      `Cannot read 5 bytes from byte 0 of blob: ${message}`,
    );
    assertEquals(error.code, "EIO");
  }
});

Deno.test("a change of the ranges does not change the store", async () => {
  const mine = new Map(ranges);
  const store = rangeStore({ source: blobSource(new Blob([BYTES])), ranges: mine });
  mine.clear();
  assertEquals(await store.read("first"), contents.get("first"));
});

const source = blobSource(new Blob([BYTES]));
const range = (offset: unknown, length: unknown) => new Map([["a", { offset, length }]]);
for (
  const [what, act, message] of [
    ["an unknown option", () => rangeStore({ source, ranges, range: 1 } as never), 'unknown "range"'],
    ["no source", () => rangeStore({ ranges } as never), "source must be an object"],
    [
      "a source without a name",
      () => rangeStore({ source: { ...source, name: 1 as never }, ranges }),
      "source.name must",
    ],
    ["ranges that are no map", () => rangeStore({ source, ranges: {} as never }), "ranges must be a Map"],
    ["a key that is no text", () => rangeStore({ source, ranges: new Map([[1, {}]]) as never }), "a key is 1"],
    ["a negative offset", () => rangeStore({ source, ranges: range(-1, 1) as never }), 'the offset of "a" must be'],
    ["half a length", () => rangeStore({ source, ranges: range(0, 0.5) as never }), 'the length of "a" must be'],
    [
      "an end beyond all numbers",
      () => rangeStore({ source, ranges: range(2 ** 53 - 1, 1) as never }),
      "the length of",
    ],
    ["a misspelt range", () => rangeStore({ source, ranges: new Map([["a", { at: 1 }]]) as never }), 'unknown "at"'],
    ["a blob that is none", () => blobSource("text" as never), "blob must be a Blob"],
    ["a path that is none", () => fileSource(5 as never), "path must be a path or a URL, not 5"],
  ] as const
) {
  Deno.test(`${what} is EINVAL`, () => {
    assertEquals(assertThrows(act, TtmError, message).code, "EINVAL");
  });
}
