import type { MemTypeManager } from "@ttm/core";

/** A manager that never has room, and always returns the same result. */
export function mockManager(name: string, answer: number): MemTypeManager {
  return {
    name,
    usedPages: 0,
    init: () => {},
    allocate: () => answer,
    startOf: () => 0,
    free: () => {},
    takedown: () => true,
    debug: () => "0 pages used",
  };
}
