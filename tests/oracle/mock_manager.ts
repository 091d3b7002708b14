import type { MemTypeManager } from "@ttm/core";

/** A manager that never has room, and always returns the same result. */
export function mockManager(answer: "busy" | "no-room"): MemTypeManager {
  return {
    name: answer,
    usedPages: 0,
    init: () => {},
    allocate: () => answer,
    free: () => {},
    takedown: () => true,
    debug: () => "0 pages used",
  };
}
