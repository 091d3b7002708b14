import type { SwapStore } from "@ttm/core";
import { bytesOf, mustFail, mustRead } from "./store_checks.ts";

/** Keys that differ in case, escapes, separators or the form of a letter, and names that objects have. */
const KEYS = [
  ...[
    "a",
    "b",
    "A",
    "",
    " ",
    "a b",
    "a%20b",
    "a+b",
    "a/b",
    "a%2Fb",
    "a:b",
    "a\\b",
    ".",
    "..",
    "../a",
    "\u00e4",
    "a\u0308",
  ],
  ...[
    "bo-1",
    "bo-10",
    "bo-1 ",
    "__proto__",
    "constructor",
    "toString",
    "\u{1f600}",
    "a\nb",
    "a?b",
    "a#b",
    "a*b",
    "NUL",
  ],
];

/** Cases for which bytes are under which key. */
export const keyCases: Readonly<Record<string, (store: SwapStore) => Promise<void>>> = {
  async "keys do not touch one another"(store) {
    const keys = [...KEYS, ...KEYS.map((key) => `${"x".repeat(180)}${key}`)];
    for (const [at, key] of keys.entries()) await store.write(key, bytesOf(50, at));
    for (const [at, key] of keys.entries()) await mustRead(store, key, bytesOf(50, at));
    for (const key of keys) {
      await store.delete(key);
      await mustFail(() => store.read(key), `read() of the forgotten key ${JSON.stringify(key)}`);
      const left = keys.slice(keys.indexOf(key) + 1);
      for (const other of left) await mustRead(store, other, bytesOf(50, keys.indexOf(other)));
    }
  },
  async "equal bytes of two keys, and bytes that differ only at their end, are kept for each"(store) {
    const bytes = bytesOf(5000, 1);
    const other = bytes.with(4999, bytes.at(-1) ? 0 : 1);
    for (const [key, value] of [["a", bytes], ["b", bytes], ["c", other]] as const) await store.write(key, value);
    await mustRead(store, "c", other);
    await store.delete("a");
    await mustRead(store, "b", bytes);
    await store.write("b", other);
    await mustRead(store, "b", other);
  },
};
