import { assertEquals, assertNotEquals } from "@std/assert";
import { checkWorkload } from "../../import/trace_testing.ts";
import { workloads } from "./mod.ts";

Deno.test("the shipped workloads have their names and are well formed for any seed", async () => {
  assertEquals(Object.keys(workloads), ["phi3-decode", "texture-streaming", "moe-decode"]);
  for (const [name, shipped] of Object.entries(workloads)) {
    const workload = shipped.make({ seed: -7 });
    assertEquals(workload.name, name);
    assertEquals(workload, shipped.make({ seed: -7 }));
    await checkWorkload(workload);
  }
});

Deno.test("a shipped workload with anything random in it passes the seed on", () => {
  for (const [name, { make }] of Object.entries(workloads)) {
    if (name !== "phi3-decode") assertNotEquals(make({ seed: 1 }), make({ seed: 2 }));
  }
});
