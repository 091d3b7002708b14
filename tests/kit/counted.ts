import type { MemTypeManager } from "@ttm/core";

/** A manager that counts pages, without addresses. */
export function counted(): MemTypeManager {
  let [free, pages] = [0, 0];
  const nodes = new Map<object, number>();
  return {
    name: "counted",
    addresses: false,
    init: (all) => pages = free = all,
    allocate(request) {
      if (request.pages > free) return "no-room";
      const node = { start: 0 };
      free -= request.pages;
      nodes.set(node, request.pages);
      return node;
    },
    free(node) {
      free += nodes.get(node) ?? 0;
      nodes.delete(node);
    },
    takedown: () => free === pages,
    get usedPages() {
      return pages - free;
    },
    debug: () => `${free} of ${pages} pages are free`,
  };
}
