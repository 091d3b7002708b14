import { assert, assertEquals } from "@std/assert";
import { recorder } from "@ttm/explain";
import type { Workload } from "@ttm/import";
import { CausesModel } from "./causes_model_testing.ts";
import { replay } from "./replay.ts";
import { shortened } from "./shipped_testing.ts";
import { workloads } from "./workloads/mod.ts";

async function compare(workload: Workload, vram: string, gtt: string): Promise<void> {
  const { tracer, record } = recorder({ events: 2 ** 20 });
  const { report } = await replay(workload, { vram, gtt, tracer });
  const { header, events } = record();
  assertEquals(header.lost, 0);
  const model = new CausesModel(workload);
  for (const event of events) model.add(event);
  assertEquals(model.faults.slice(0, 3), []);
  assert(model.compared >= report.evictions && report.evictions > 100);
}

for (const [name, shipped] of Object.entries(workloads)) {
  Deno.test(`every eviction of ${name} in half its peak has the reason that a plain model finds`, async () => {
    await compare(shipped.make({ seed: 1 }), "50%", "100%");
  });

  // With little GTT an eviction from VRAM evicts others from GTT.
  for (const [vram, gtt] of [["30%", "100%"], ["80%", "100%"], ["40%", "30%"]] as const) {
    Deno.test(`every eviction of a short ${name} in ${vram} VRAM and ${gtt} GTT has the right reason`, async () => {
      const workload = shortened[name];
      assert(workload !== undefined);
      await compare(workload, vram, gtt);
    });
  }
}
