import { BoDevice, PAGE_SIZE, type SwapStore } from "@ttm/core";
import { optionNames } from "@ttm/core/arguments";
import { bytesOf, mustFail, mustRead } from "./store_checks.ts";
import { keyCases } from "./store_key_cases.ts";
import { ownerCases } from "./store_owner_cases.ts";
import { checkSuite, must, mustEqual, register, type SuiteOptions } from "./suite.ts";

/** A store to test. */
export interface StoreSuiteOptions extends SuiteOptions {
  /** Makes an empty store. */
  readonly factory: () => SwapStore | Promise<SwapStore>;
  /** Releases its resources after each case. @default {no effect} */
  readonly dispose?: (store: SwapStore) => void | Promise<void>;
}

const OPTIONS = optionNames<StoreSuiteOptions>({ test: true, name: true, factory: true, dispose: true });

/**
 * Registers a case for each clause of the contract of stores.
 *
 * @example The whole test file of a store
 * ```ts
 * import { memoryStore } from "@ttm/core";
 * import { testStore } from "@ttm/testing";
 *
 * const cases: string[] = [];
 * // With a runner: test: Deno.test
 * testStore({ test: (name) => cases.push(name), name: "memory", factory: () => memoryStore() });
 * ```
 */
export function testStore(options: StoreSuiteOptions): void {
  checkSuite("stores", options, OPTIONS);
  const { factory, dispose } = options;
  const cases = Object.entries({ ...storeCases, ...keyCases, ...ownerCases }).map(([clause, run]) => {
    const withStore = async () => {
      const store = await factory();
      try {
        await run(store);
      } finally {
        await dispose?.(store);
      }
    };
    return [clause, withStore];
  });
  register(options, "store", Object.fromEntries(cases));
}

const storeCases: Readonly<Record<string, (store: SwapStore) => Promise<void>>> = {
  async "what was written is read back, byte by byte"(store) {
    for (const length of [1, 4095, 4096, 1_000_000]) {
      await store.write("a", bytesOf(length, length));
      await mustRead(store, "a", bytesOf(length, length));
    }
  },
  async "it can be read more than once"(store) {
    await store.write("a", bytesOf(100, 1));
    for (let turn = 0; turn < 3; turn++) await mustRead(store, "a", bytesOf(100, 1));
  },
  async "no bytes are bytes, too"(store) {
    await store.write("a", new Uint8Array());
    await mustRead(store, "a", new Uint8Array());
  },
  async "a later write replaces an earlier one, longer or shorter"(store) {
    for (const length of [10, 1000, 5]) {
      await store.write("a", bytesOf(length, length));
      await mustRead(store, "a", bytesOf(length, length));
    }
  },
  async "what was forgotten cannot be read"(store) {
    await store.write("a", bytesOf(10, 1));
    await store.delete("a");
    await mustFail(() => store.read("a"), "read() of a forgotten key");
  },
  async "a key that never was cannot be read, and may be forgotten"(store) {
    await mustFail(() => store.read("never"), "read() of an unknown key");
    await store.delete("never");
    await mustFail(() => store.read("never"), "read() of an unknown key that was forgotten");
  },
  async "a forgotten key can be written again"(store) {
    await store.write("a", bytesOf(10, 1));
    await store.delete("a");
    await store.write("a", bytesOf(20, 2));
    await mustRead(store, "a", bytesOf(20, 2));
  },
  async "what read() gives is the caller's to change"(store) {
    await store.write("a", bytesOf(5000, 1));
    (await store.read("a")).fill(0);
    await mustRead(store, "a", bytesOf(5000, 1));
  },
  async "a part of a larger buffer is written as that part"(store) {
    await store.write("a", bytesOf(300, 1).subarray(100, 200));
    await mustRead(store, "a", bytesOf(300, 1).slice(100, 200));
  },
  async "writes and reads of different keys may run together"(store) {
    const keys = Array.from({ length: 20 }, (_, at) => `key ${at}`);
    await Promise.all(keys.map((key, at) => store.write(key, bytesOf(1000 + at, at))));
    await Promise.all(keys.map((key, at) => mustRead(store, key, bytesOf(1000 + at, at))));
    await Promise.all(keys.map((key) => store.delete(key)));
    for (const key of keys) await mustFail(() => store.read(key), "read() of a forgotten key");
  },
  // deno-lint-ignore require-await -- as the others
  async "its name is text"(store) {
    must(typeof store.name === "string" && store.name !== "", () => `the name is ${store.name}`);
  },
  async "a device swaps out to it, and every byte comes back"(store) {
    const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
    const device = new BoDevice({ driver, managers: {}, store, limits: { pages: 4 } });
    const buffers = Array.from({ length: 8 }, () => device.createBuffer({ bytes: 2 * PAGE_SIZE }));
    for (let round = 0; round < 3; round++) {
      for (const [at, buffer] of buffers.entries()) {
        await buffer.reserve();
        await buffer.validate({ placement: [{ memoryType: "system" }] });
        const found = await buffer.read();
        const expected = round === 0 ? new Uint8Array(buffer.bytes) : bytesOf(buffer.bytes, 10 * round - 10 + at);
        must(found.every((byte, index) => byte === expected[index]), () => `${buffer} has lost its bytes`);
        await buffer.write(bytesOf(buffer.bytes, 10 * round + at));
        buffer.unreserve();
      }
    }
    mustEqual(buffers.filter(({ swapped }) => swapped).length, 6, "the number of buffers in the store");
    for (const buffer of buffers) buffer.unref();
    await device.close();
  },
};
