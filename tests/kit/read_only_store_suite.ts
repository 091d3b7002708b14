import { BoDevice, PAGE_SIZE, type ReadOnlyStore } from "@ttm/core";
import { optionNames } from "@ttm/core/arguments";
import { checkSuite, must, mustEqual, register, type SuiteOptions } from "./suite.ts";
import { mustFail, mustRead } from "./store_checks.ts";
import { readsAreApart } from "./store_owner_cases.ts";

/** A read-only store, and what it must have. */
export interface ReadOnlyParts {
  /** The store. */
  readonly store: ReadOnlyStore;
  /** Some of its keys, at least one, and the bytes under each. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** A read-only store to test. */
export interface ReadOnlyStoreSuiteOptions extends SuiteOptions {
  /** Makes a store. */
  readonly factory: () => ReadOnlyParts | Promise<ReadOnlyParts>;
  /** Releases its resources after each case. @default {no effect} */
  readonly dispose?: (store: ReadOnlyStore) => void | Promise<void>;
}

const OPTIONS = optionNames<ReadOnlyStoreSuiteOptions>({ test: true, name: true, factory: true, dispose: true });

/**
 * Registers a case for each clause of the contract of read-only stores.
 *
 * @example The whole test file of a store
 * ```ts
 * import type { ReadOnlyStore } from "@ttm/core";
 * import { testReadOnlyStore } from "@ttm/testing";
 *
 * const contents = new Map([["weights", new Uint8Array([1, 2, 3])]]);
 * const store: ReadOnlyStore = {
 *   name: "constants",
 *   readOnly: true,
 *   read(key) {
 *     const bytes = contents.get(key);
 *     if (bytes === undefined) throw new Error(`there is no ${key}`);
 *     return bytes.slice();
 *   },
 * };
 * const cases: string[] = [];
 * // With a runner: test: Deno.test
 * testReadOnlyStore({ test: (name) => cases.push(name), factory: () => ({ store, contents }) });
 * ```
 */
export function testReadOnlyStore(options: ReadOnlyStoreSuiteOptions): void {
  checkSuite("read-only stores", options, OPTIONS);
  const { factory, dispose } = options;
  const cases = Object.entries(readOnlyStoreCases).map(([clause, run]) => {
    const withStore = async () => {
      const parts = await factory();
      must(parts.contents.size > 0, () => "the factory gives no key to read");
      try {
        await run(parts);
      } finally {
        await dispose?.(parts.store);
      }
    };
    return [clause, withStore];
  });
  register(options, "read-only store", Object.fromEntries(cases));
}

const readOnlyStoreCases: Readonly<Record<string, (parts: ReadOnlyParts) => Promise<void>>> = {
  async "each key has its bytes, and can be read more than once"({ store, contents }) {
    for (let turn = 0; turn < 3; turn++) {
      for (const [key, bytes] of contents) await mustRead(store, key, bytes);
    }
  },
  async "what read() gives is the caller's to change"({ store, contents }) {
    for (const [key, bytes] of contents) {
      (await store.read(key)).fill(0x5a);
      await mustRead(store, key, bytes);
    }
  },
  async "what a read() gives is its own, also of reads that run together"({ store, contents }) {
    await readsAreApart(store, contents);
  },
  async "reads may run together"({ store, contents }) {
    const all = [...contents, ...contents];
    await Promise.all(all.map(([key, bytes]) => mustRead(store, key, bytes)));
  },
  async "a key that is not there cannot be read"({ store, contents }) {
    const unknown = [...contents.keys()].map((key) => `${key}?`).find((key) => !contents.has(key)) ?? "?";
    await mustFail(() => store.read(unknown), "read() of an unknown key");
  },
  // deno-lint-ignore require-await -- as the others
  async "it says that it is read-only, and its name is text"({ store }) {
    must(store.readOnly === true, () => `readOnly is ${String(store.readOnly)}, so that the core would write to it`);
    must(typeof store.name === "string" && store.name !== "", () => `the name is ${String(store.name)}`);
  },
  async "buffers are born from it, come back after they were swapped out, and can be written"({ store, contents }) {
    const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
    const sized = [...contents].filter(([, bytes]) => bytes.length > 0);
    const pages = Math.max(1, ...sized.map(([, bytes]) => Math.ceil(bytes.length / PAGE_SIZE)));
    const device = new BoDevice({ driver, managers: {}, limits: { pages } });
    const buffers = sized.map(([key, bytes]) => device.createBuffer({ bytes: bytes.length, stored: { key, store } }));
    for (let round = 0; round < 3; round++) {
      for (const [at, buffer] of buffers.entries()) {
        await buffer.reserve();
        const expected = round < 2 ? sized[at]?.[1] : new Uint8Array(buffer.bytes).fill(at + 1);
        const found = await buffer.read();
        must(
          found.every((byte, index) => byte === expected?.[index]),
          () => `${buffer} has other bytes in round ${round}`,
        );
        if (round === 1) await buffer.write(new Uint8Array(buffer.bytes).fill(at + 1));
        buffer.unreserve();
      }
    }
    await device.global.swapOutAll();
    mustEqual(device.global.usedPages, 0, "the number of host pages after everything was swapped out");
    for (const buffer of buffers) buffer.unref();
    await device.close();
    for (const [key, bytes] of contents) await mustRead(store, key, bytes);
  },
};
