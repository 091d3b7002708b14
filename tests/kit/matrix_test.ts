import { buddy } from "@ttm/buddy";
import { CmaSim } from "@ttm/cma-sim";
import { type Driver, memoryStore, type MemTypeManager, PAGE_SIZE, type SwapStore, SystemClock } from "@ttm/core";
import { firstFit, rangeManager } from "@ttm/first-fit";
import { goodFit } from "@ttm/good-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { UnstorageStore } from "@ttm/unstorage-store";
import { slabs, WebGpu } from "@ttm/webgpu";
import { createStorage } from "unstorage";
import { FakeGpu } from "../../drivers/webgpu/testing_fake_gpu.ts";
import { missing, testUnless } from "../permissions.ts";
import { type DriverParts, type DriverSuiteSupport, testDriver, testManager, testStore } from "./mod.ts";
import { FolderStore } from "./testing_folder_store.ts";

const SIZE = 16 * PAGE_SIZE;

const managers: Readonly<Record<string, () => MemTypeManager>> = {
  "range": () => rangeManager(),
  "range-scan": () => rangeManager({ scan: true }),
  "first-fit": () => firstFit(),
  "first-fit-evict": () => firstFit({ order: "evict" }),
  "first-fit-scan": () => firstFit({ scan: true }),
  "good-fit": () => goodFit(),
  "buddy": () => buddy(),
};

interface MatrixDriver {
  readonly types: readonly string[];
  readonly make: () => Driver;
  /** Binds of the driver may end after the device closes, so that real-time timers would leak. */
  readonly isSimulatedOnly?: boolean;
  readonly supports?: DriverSuiteSupport;
}

const drivers: Readonly<Record<string, MatrixDriver>> = {
  "radeon-sim": { types: ["vram", "gtt"], make: () => new RadeonSim({ vram: SIZE, gtt: SIZE }) },
  "radeon-sim (stamps, small window)": {
    types: ["vram", "gtt"],
    make: () => new RadeonSim({ vram: SIZE, visibleVram: SIZE / 4, gtt: SIZE, contents: "stamps" }),
    supports: { bytes: false },
  },
  "radeon-sim (two copy engines, slow binds)": {
    types: ["vram", "gtt"],
    make: () => new RadeonSim({ vram: SIZE, gtt: SIZE, copyEngines: 2, bindLatencyMs: 0.1, bindMsPerPage: 0.01 }),
    isSimulatedOnly: true,
  },
  "cma-sim": { types: ["cma"], make: () => new CmaSim({ carveOut: SIZE, movable: SIZE / 2 }) },
  "cma-sim (stamps, IOMMU)": {
    types: ["cma", "iommu"],
    make: () => new CmaSim({ carveOut: SIZE, iommu: SIZE, contents: "stamps" }),
    supports: { bytes: false },
  },
};

interface MatrixStore {
  readonly make: () => SwapStore;
  /** The store takes real time. */
  readonly isReal?: boolean;
  /** Removes its files. */
  readonly end?: (store: SwapStore) => Promise<void>;
}

const stores: Readonly<Record<string, MatrixStore>> = {
  "memory-store": { make: () => memoryStore() },
  "store with promises": {
    make: () => {
      const { name, write, read, delete: forget } = memoryStore();
      return {
        name,
        write: async (key, bytes) => await write(key, bytes),
        read: async (key) => await read(key),
        delete: async (key) => await forget(key),
      };
    },
  },
  "unstorage-store": { make: () => new UnstorageStore({ storage: createStorage() }), isReal: true },
  "file-store": {
    make: () => new FolderStore(),
    isReal: true,
    end: (store) => (store as FolderStore).close(),
  },
};

/** Runs the suite of drivers on one combination. */
function cell(name: string, parts: () => DriverParts, store: MatrixStore, supports: DriverSuiteSupport = {}): void {
  const obstacle = store.end === undefined ? undefined : missing("read", "write", "env", "run");
  if (obstacle !== undefined) return testUnless(obstacle, name, () => {});
  const factory = () => {
    const made = parts();
    const swap = store.make();
    const end = async () => {
      await made.end?.();
      await store.end?.(swap);
    };
    return { ...(store.isReal && { clock: new SystemClock() }), ...made, store: swap, end };
  };
  testDriver({ test: Deno.test, name, factory, supports });
}

for (const [name, { make }] of Object.entries(stores).slice(0, 2)) testStore({ test: Deno.test, name, factory: make });

for (const [managerName, manager] of Object.entries(managers)) {
  const supports = { alignment: managerName === "buddy" ? "powers of two" : "any" } as const;
  testManager({ test: Deno.test, name: managerName, factory: manager, supports });
  for (const [driverName, { types, make, isSimulatedOnly, supports }] of Object.entries(drivers)) {
    for (const [storeName, store] of Object.entries(stores)) {
      if (isSimulatedOnly && store.isReal) continue;
      // A manager and a store know nothing of each other.
      if (storeName !== "memory-store" && managerName !== "first-fit") continue;
      const parts = () => ({
        driver: make(),
        managers: Object.fromEntries(types.map((type) => [type, manager()])),
      });
      cell(`${driverName} × ${managerName} × ${storeName}`, parts, store, supports);
    }
  }
}

for (const [storeName, store] of Object.entries(stores)) {
  const parts = () => {
    const driver = new WebGpu({ device: new FakeGpu(), budget: SIZE });
    return { driver, managers: { vram: slabs(driver) }, clock: new SystemClock() };
  };
  cell(`webgpu (fake) × slabs × ${storeName}`, parts, store, { windows: false });
}
