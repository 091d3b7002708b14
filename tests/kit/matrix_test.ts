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

// The CPU sees all of VRAM, or there are no bytes to see.
for (const contents of ["bytes", "stamps"] as const) {
  const window = contents === "bytes" ? SIZE : SIZE / 4;
  testDriver({
    test: Deno.test,
    name: `radeon-sim (${contents}, window of ${window / PAGE_SIZE} pages, two copy engines, slow binds)`,
    factory: () => ({
      driver: new RadeonSim({
        vram: SIZE,
        visibleVram: window,
        gtt: SIZE,
        contents,
        copyEngines: 2,
        bindLatencyMs: 0.1,
        bindMsPerPage: 0.01,
      }),
      managers: { vram: firstFit(), gtt: firstFit() },
    }),
    supports: { bytes: contents === "bytes" },
  });
}
