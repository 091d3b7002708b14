import type { MemTypeManager } from "@ttm/core";

/** The manager of a memory type that never has room, and says always the same about it. */
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
