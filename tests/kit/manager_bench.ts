import type { AllocationRequest, ManagerNode, MemTypeManager } from "@ttm/core";
import { must, mustEqual } from "./suite.ts";

/** The size in pages of a manager under test. */
export const PAGES = 128;

/** A manager under test, and ways to ask it for pages. */
export interface Bench {
  readonly manager: MemTypeManager;
  /** Its dump when it is empty. */
  readonly debug: string;
  /** Allocates; fails if there is no room. */
  take(request: Partial<AllocationRequest>): ManagerNode;
  /** Allocates, and waits while freed pages are not free yet; fails if there is no room. */
  takeLater(request: Partial<AllocationRequest>): Promise<ManagerNode>;
  /** Fails unless there is no room and nothing changes. */
  refuse(request: Partial<AllocationRequest>): void;
}

/** Initializes a manager, and makes a bench of it. */
export function makeBench(manager: MemTypeManager, pages: number): Bench {
  manager.init(pages);
  const ask = (request: Partial<AllocationRequest>) =>
    manager.allocate({
      pages: 1,
      alignment: 1,
      fpfn: 0,
      lpfn: Infinity,
      topDown: false,
      contiguous: false,
      ...request,
    });
  const take = (request: Partial<AllocationRequest>) => {
    const found = ask(request);
    must(typeof found === "object", () => `allocate(${JSON.stringify(request)}) is ${found}, and there is room`);
    return found;
  };
  return {
    manager,
    debug: manager.debug(),
    take,
    async takeLater(request) {
      const found = ask(request);
      if (typeof found === "object") return found;
      if (found === "later") await manager.freeing?.settled();
      return take(request);
    },
    refuse(request) {
      const [used, debug] = [manager.usedPages, manager.debug()];
      mustEqual(ask(request), "no-room", `allocate(${JSON.stringify(request)}) without room`);
      mustEqual([manager.usedPages, manager.debug()], [used, debug], "the manager after it had no room");
    },
  };
}
