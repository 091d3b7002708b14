import { RangeAllocator, type RangeNode, type SearchOrder } from "@ttm/first-fit";

const HOLES = 10_000;

/** A space in which every other node of 1 to 16 units has been removed. */
function fragmented(orders: readonly SearchOrder[]): RangeAllocator {
  const allocator = new RangeAllocator({ size: 1 << 20, orders });
  const nodes: (RangeNode | null)[] = [];
  for (let i = 0; i < 2 * HOLES; i++) nodes.push(allocator.insert({ size: 1 + (i * 7919) % 16 }));
  for (const [i, node] of nodes.entries()) if (node !== null && i % 2 === 0) allocator.remove(node);
  return allocator;
}

for (const order of ["lowest", "best", "highest", "evict"] as const) {
  const allocator = fragmented([order]);
  let size = 0;
  const baseline = order === "lowest";
  Deno.bench(`insert + remove, ${order}, ${HOLES} holes`, { group: "orders", baseline }, () => {
    size = (size * 5 + 3) % 16;
    const node = allocator.insert({ size: size + 1 });
    if (node !== null) allocator.remove(node);
  });
}

const aligned = fragmented(["lowest"]);
Deno.bench("insert + remove, lowest, aligned to 512", { group: "orders" }, () => {
  const node = aligned.insert({ size: 4, alignment: 512 });
  if (node !== null) aligned.remove(node);
});
const limited = fragmented(["lowest"]);
Deno.bench("insert + remove, lowest, in a range", { group: "orders" }, () => {
  const node = limited.insert({ size: 4, lo: 50_000, hi: 60_000 });
  if (node !== null) limited.remove(node);
});
