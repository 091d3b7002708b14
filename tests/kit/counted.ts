import { type MemTypeManager, NO_ROOM } from "@ttm/core";

/** A manager that counts pages, without addresses. */
export function counted(): MemTypeManager {
  let [usedPages, all] = [0, 0];
  return {
    name: "counted",
    get usedPages() {
      return usedPages;
    },
    init: (pages) => void (all = pages),
    allocate({ pages }) {
      if (usedPages + pages > all) return NO_ROOM;
      usedPages += pages;
      return 1;
    },
    free: (_handle, pages) => void (usedPages -= pages),
    takedown: () => usedPages === 0,
    debug: () => `${usedPages} of ${all} pages are used`,
  };
}
