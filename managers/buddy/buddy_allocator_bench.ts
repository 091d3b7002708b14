import { type BuddyAllocation, BuddyAllocator } from "@ttm/buddy";
import { type BuddyOperation, requestOf } from "../../tests/oracle/buddy_replay.ts";
import { unzipLines } from "../../tests/oracle/families.ts";
import buddy1 from "../../tests/oracle/traces/buddy-seed-1.jsonl.gz" with { type: "bytes" };
import buddy5 from "../../tests/oracle/traces/buddy-seed-5.jsonl.gz" with { type: "bytes" };
import buddy7 from "../../tests/oracle/traces/buddy-seed-7.jsonl.gz" with { type: "bytes" };
import buddy9 from "../../tests/oracle/traces/buddy-seed-9.jsonl.gz" with { type: "bytes" };

const K = 1024;
const CLEARED = 16;

for (const [seed, data] of [[1, buddy1], [5, buddy5], [7, buddy7], [9, buddy9]] as const) {
  const [header, ...lines] = (await unzipLines(data)).filter((line) => line !== "").map((line) => JSON.parse(line));
  // Refused requests are left out: the error that is made for each takes longer than anything else.
  const operations = (lines as readonly BuddyOperation[]).filter(({ ret }) => ret !== -22);
  const requests = operations.map(requestOf);
  const title = `drm_buddy, seed ${seed}, ${operations.length} operations`;
  Deno.bench(title, { group: "the kernel's operations", baseline: seed === 1 }, () => {
    const space = new BuddyAllocator({ size: header.size, chunk: header.chunk });
    const held: (BuddyAllocation | null)[] = [];
    for (const [i, { op, id, new_size, start, flags }] of operations.entries()) {
      const allocation = held[id] ?? null;
      if (op === "alloc") held[id] = space.allocate(requests[i] as (typeof requests)[number]);
      else if (allocation === null) continue;
      else if (op === "trim") space.trim(allocation, new_size, start === -1 ? undefined : start);
      else space.release(allocation, (flags & CLEARED) !== 0);
    }
  });
}

/** 4 GiB as blocks of 8 KiB, every other one freed: the case published with the kernel's rewrite. */
function fragmented(space: BuddyAllocator): (BuddyAllocation | null)[] {
  const request = { size: 8 * K, minBlock: 8 * K };
  const all = Array.from({ length: space.size / request.size }, () => space.allocate(request));
  for (const [i, allocation] of all.entries()) if (i % 2 === 0 && allocation !== null) space.release(allocation);
  return all;
}

Deno.bench("4 GiB in 8 KiB, every other freed", { group: "fragmented", baseline: true, n: 5, warmup: 2 }, () => {
  fragmented(new BuddyAllocator({ size: 4 * K * K * K, chunk: 4 * K }));
});
Deno.bench("the same, and filled again", { group: "fragmented", n: 5, warmup: 2 }, () => {
  const space = new BuddyAllocator({ size: 4 * K * K * K, chunk: 4 * K });
  fragmented(space);
  while (space.allocate({ size: 8 * K, minBlock: 8 * K }) !== null);
});
