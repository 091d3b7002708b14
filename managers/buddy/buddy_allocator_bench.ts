import { BuddyAllocator } from "@ttm/buddy";
import { FRAGMENTATION, playable, readTrace } from "../../tests/bench/buddy_cases.ts";
import buddy1 from "../../tests/oracle/traces/buddy-seed-1.jsonl.gz" with { type: "bytes" };
import buddy5 from "../../tests/oracle/traces/buddy-seed-5.jsonl.gz" with { type: "bytes" };
import buddy7 from "../../tests/oracle/traces/buddy-seed-7.jsonl.gz" with { type: "bytes" };
import buddy9 from "../../tests/oracle/traces/buddy-seed-9.jsonl.gz" with { type: "bytes" };

// tests/bench/buddy_rounds.ts measures allocating and freeing separately.
for (const [seed, data] of [[1, buddy1], [5, buddy5], [7, buddy7], [9, buddy9]] as const) {
  const [header, operations] = await readTrace(data);
  const play = playable(operations);
  const title = `drm_buddy, seed ${seed} (${operations.length} operations)`;
  Deno.bench(title, { group: "what drm_buddy was asked for", baseline: seed === 1 }, () => {
    const space = new BuddyAllocator(header);
    for (const operation of play) operation(space);
  });
}

for (const [at, [title, run]] of Object.entries(FRAGMENTATION).entries()) {
  Deno.bench(title, { group: "fragmented, 4 GiB, a whole case", baseline: at === 0, n: 5, warmup: 2 }, run);
}
