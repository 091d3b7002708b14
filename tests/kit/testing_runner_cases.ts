import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buddy } from "@ttm/buddy";
import { CmaSim } from "@ttm/cma-sim";
import { memoryStore, PAGE_SIZE } from "@ttm/core";
import { FileStore } from "@ttm/file-store";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { UnstorageStore } from "@ttm/unstorage-store";
import { createStorage } from "unstorage";
import { type DriverParts, failingMove, failingStore, noSpace, type TestFunction } from "./mod.ts";
import { testDriver, testManager, testStore } from "./mod.ts";

const radeon = (): DriverParts => ({
  driver: new RadeonSim({ vram: 16 * PAGE_SIZE, gtt: 16 * PAGE_SIZE }),
  managers: { vram: firstFit(), gtt: buddy() },
});

/** Registers the suites for correct parts of each kind. */
export function registerGood(test: TestFunction): void {
  testManager({ test, factory: () => firstFit() });
  testManager({ test, factory: () => buddy(), supports: { alignment: "powers of two" } });
  testDriver({ test, factory: radeon });
  testDriver({
    test,
    factory: () => ({
      driver: new CmaSim({ carveOut: 16 * PAGE_SIZE, movable: 8 * PAGE_SIZE }),
      managers: { cma: firstFit() },
    }),
  });
  testStore({ test, name: "memory", factory: () => memoryStore() });
  testStore({ test, name: "unstorage", factory: () => new UnstorageStore({ storage: createStorage() }) });
  const directories: string[] = [];
  testStore({
    test,
    name: "file",
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
}

/** Registers the suites for a broken manager, driver and store. */
export function registerBroken(test: TestFunction): void {
  testManager({ test, factory: noSpace });
  testDriver({
    test,
    factory: () => {
      const { driver, managers } = radeon();
      return { driver: failingMove(driver, { nth: 2, how: "throw" }), managers };
    },
  });
  testStore({ test, name: "short", factory: () => failingStore(memoryStore(), { shortBy: 1 }) });
}
