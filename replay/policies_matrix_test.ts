import { assert, assertEquals } from "@std/assert";
import type { Workload, WorkloadEvent } from "@ttm/import";
import { pairs } from "./matrix.ts";
import { policies } from "./parts.ts";
import { replay } from "./replay.ts";
import { randomNumbers } from "./workloads/random.ts";

/** Buffers of 1 to 8 pages: some jobs use any two of them, others go round a loop; now and then one is replaced. */
function mixed(): Workload {
  const random = randomNumbers(5);
  const events: WorkloadEvent[] = [];
  const live: number[] = [];
  let t = 0;
  const alloc = (id: number) => {
    events.push({ op: "alloc", t: t++, id, bytes: 4096 * (1 + Math.floor(8 * random())) });
    live[id % 40] = id;
  };
  for (let id = 0; id < 40; id++) alloc(id);
  for (let turn = 0; turn < 400; turn++) {
    const loop = live[turn % 30] as number;
    const other = live[Math.floor(40 * random())] as number;
    const uses = [...new Set([loop, other])].map((id) => ({ id, write: random() < 0.3 }));
    events.push({ op: "job", t: t++, uses, durationUs: 1 });
    if (turn % 20 === 19) {
      const id = live[30 + turn % 10] as number;
      events.push({ op: "free", t: t++, id });
      alloc(id + 40);
    }
  }
  return { name: "mixed", time: "seq", events };
}

for (const policy of Object.keys(policies)) {
  Deno.test(`${policy} loses no contents on any driver with any manager`, async () => {
    const workload = mixed();
    for (const pair of pairs) {
      const { report } = await replay(workload, { ...pair, policy, vram: "40%", contents: "bytes", verify: true });
      const cell = `${pair.driver} × ${pair.manager}`;
      assertEquals([report.losses, report.failures, report.device.policy === "lru"], [[], 0, policy === "lru"], cell);
      assert(report.evictions > 100, cell);
    }
  });
}
