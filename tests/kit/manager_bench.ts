import { type AllocationRequest, BUSY, LATER, MAX_HANDLE, type MemTypeManager, NO_ROOM } from "@ttm/core";
import { must, mustEqual } from "./suite.ts";

/** The size in pages of a manager under test. */
export const PAGES = 128;

/** What a manager has allocated. */
export interface Taken {
  readonly handle: number;
  /** The first page, or the handle if the manager has no addresses. */
  readonly start: number;
  readonly pages: number;
}

/** A manager under test, and ways to ask it for pages. */
export interface Bench {
  readonly manager: MemTypeManager;
  /** Its dump when it is empty. */
  readonly debug: string;
  /** Allocates; fails if there is no room. */
  take(request: Partial<AllocationRequest>): Taken;
  /** Allocates, and waits while freed pages are not free yet; fails if there is no room. */
  takeLater(request: Partial<AllocationRequest>): Promise<Taken>;
  /** Fails unless there is no room and nothing changes. */
  refuse(request: Partial<AllocationRequest>): void;
  /** Frees what was taken. */
  free(taken: Taken): void;
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
  const taken = (handle: number, request: Partial<AllocationRequest>): Taken => {
    const asked = `allocate(${JSON.stringify(request)})`;
    must(!(handle in REFUSALS), () => `${asked} is ${nameOf(handle)}, and there is room`);
    const isHandle = Number.isInteger(handle) && handle > 0 && handle <= MAX_HANDLE;
    must(isHandle, () => `${asked} is ${handle}, which is no handle and no refusal`);
    return { handle, start: manager.startOf?.(handle) ?? handle, pages: request.pages ?? 1 };
  };
  return {
    manager,
    debug: manager.debug(),
    take: (request) => taken(ask(request), request),
    async takeLater(request) {
      let found = ask(request);
      if (found === LATER) {
        await manager.freeing?.settled();
        found = ask(request);
      }
      return taken(found, request);
    },
    refuse(request) {
      const [used, debug] = [manager.usedPages, manager.debug()];
      mustEqual(nameOf(ask(request)), "NO_ROOM", `allocate(${JSON.stringify(request)}) without room`);
      mustEqual([manager.usedPages, manager.debug()], [used, debug], "the manager after it had no room");
    },
    free: ({ handle, pages }) => manager.free(handle, pages),
  };
}

const REFUSALS: Readonly<Record<number, string>> = { [NO_ROOM]: "NO_ROOM", [BUSY]: "BUSY", [LATER]: "LATER" };

function nameOf(answer: number): string {
  return REFUSALS[answer] ?? `${answer}`;
}
