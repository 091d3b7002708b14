import { buddy } from "@ttm/buddy";
import { memoryStore, type MemTypeManager, PAGE_SIZE, type SwapStore } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { testDriver, testManager, testStore } from "./mod.ts";

const SIZE = 16 * PAGE_SIZE;

const managers: Readonly<Record<string, () => MemTypeManager>> = {
  "first-fit": () => firstFit(),
  "first-fit-lowest": () => firstFit({ order: "lowest" }),
  "first-fit-evict": () => firstFit({ order: "evict" }),
  "first-fit-scan": () => firstFit({ scan: true }),
  "buddy": () => buddy(),
};

const stores: Readonly<Record<string, () => SwapStore>> = {
  "memory-store": () => memoryStore(),
  "store with promises": () => {
    const { name, write, read, delete: forget } = memoryStore();
    return {
      name,
      write: async (key, bytes) => await write(key, bytes),
      read: async (key) => await read(key),
      delete: async (key) => await forget(key),
    };
  },
};

for (const [name, factory] of Object.entries(stores)) testStore({ test: Deno.test, name, factory });

for (const [name, factory] of Object.entries(managers)) {
  testManager({
    test: Deno.test,
    name,
    factory,
    supports: { alignment: name === "buddy" ? "powers of two" : "any" },
  });
  for (const [storeName, store] of Object.entries(stores)) {
    for (const contents of ["bytes", "stamps"] as const) {
      testDriver({
        test: Deno.test,
        name: `radeon-sim (${contents}) × ${name} × ${storeName}`,
        factory: () => ({
          driver: new RadeonSim({ vram: SIZE, gtt: SIZE, contents }),
          managers: { vram: factory(), gtt: factory() },
          store: store(),
        }),
        supports: { bytes: contents === "bytes" },
      });
    }
  }
}
