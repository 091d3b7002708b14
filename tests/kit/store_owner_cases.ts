import type { ReadOnlyStore, SwapStore } from "@ttm/core";
import { bytesOf, mustBe, mustFail, mustRead } from "./store_checks.ts";

/** Milliseconds within which a store that works on after a call has ended does so. */
const LATER_MS = 20;
const SIZES = [1, 5000, 70_000];

const later = () => new Promise<void>((resolve) => setTimeout(resolve, LATER_MS));

type Case = (store: SwapStore) => Promise<void>;

/** Cases for whose the bytes are: those given to `write()`, and those that `read()` returns. */
export const ownerCases: Readonly<Record<string, Case>> = {
  async "the bytes belong to the caller again when write() has ended"(store) {
    const writes = SIZES.flatMap((length, at) => [
      { key: `whole ${length}`, bytes: bytesOf(length, at) },
      { key: `part ${length}`, bytes: bytesOf(length + 64, 10 + at).subarray(32, 32 + length) },
    ]);
    const originals = writes.map(({ bytes }) => bytes.slice());
    const why = "after write() had ended and the caller had changed its array: did the store keep the array?";
    const mustHaveAll = async () => {
      for (const [at, { key }] of writes.entries()) await mustRead(store, key, originals[at] as Uint8Array, why);
    };
    for (const { key, bytes } of writes) {
      await store.write(key, bytes);
      bytes.fill(0x5a);
    }
    await mustHaveAll();
    await later();
    await mustHaveAll();
    for (const { key } of writes) await store.delete(key);
  },
  async "write() does not change the bytes that it is given"(store) {
    for (const length of SIZES) {
      const bytes = bytesOf(length, 3);
      await store.write("a", bytes);
      mustBe(bytes, bytesOf(length, 3), "write() changed the bytes that it was given: they");
    }
  },
  async "what read() gives is the caller's, whatever is read, written or deleted later"(store) {
    await store.write("a", bytesOf(5000, 1));
    await store.write("b", bytesOf(5000, 2));
    await readsAreApart(store, new Map([["a", bytesOf(5000, 1)], ["b", bytesOf(5000, 2)]]));
    const read = await store.read("a");
    await store.write("a", bytesOf(5000, 3));
    await store.delete("a");
    await later();
    mustBe(read, bytesOf(5000, 1), "after the key was written and deleted, the bytes that read() gave before");
  },
  async "a deleted key is written again, and stays"(store) {
    await store.write("a", bytesOf(5000, 1));
    await store.delete("a");
    await store.write("a", bytesOf(5000, 2));
    await later();
    await mustRead(store, "a", bytesOf(5000, 2), "after an earlier delete() had ended: does that delete later?");
  },
  async "a deleted key stays deleted"(store) {
    await store.write("a", bytesOf(5000, 1));
    await store.delete("a");
    await later();
    await mustFail(() => store.read("a"), "read() of a key that was written and then deleted");
  },
};

/** Fails unless the arrays that reads return are independent of one another. */
export async function readsAreApart(
  store: SwapStore | ReadOnlyStore,
  contents: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const reads: [key: string, found: Uint8Array][] = [];
  for (const key of contents.keys()) reads.push([key, await store.read(key)]);
  const together = [...contents.keys(), ...contents.keys()];
  reads.push(
    ...await Promise.all(together.map(async (key): Promise<[string, Uint8Array]> => [key, await store.read(key)])),
  );
  for (const [at, [key, found]] of reads.entries()) {
    const expected = contents.get(key) as Uint8Array;
    const what = at === 0 ? "after another read()" : "after the bytes of another read() were changed";
    mustBe(found, expected, `${what}, the bytes that read(${JSON.stringify(key)}) gave before`);
    found.fill(0x5a);
  }
}
