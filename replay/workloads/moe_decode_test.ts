import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { checkWorkload } from "../../import/trace_testing.ts";
import { allocated, assertAllFreed, taggedJobs } from "./inspect_testing.ts";
import { moeDecode } from "./moe_decode.ts";

/** Jobs of a pass: the embedding, two for each of 16 layers, the head. */
const PASS = 34;
const UPLOADS = 3 + 16 * (3 + 64);

Deno.test("moe-decode is well formed and frees everything", async () => {
  const workload = moeDecode();
  await checkWorkload(workload);
  assertAllFreed(workload);
  assertEquals([workload.name, workload.time], ["moe-decode", "seq"]);
});

Deno.test("moe-decode has the published number of parameters", () => {
  const workload = moeDecode({ tokens: 0 });
  const quantised = allocated(workload, /^(embedding|head)$|attention$|expert/);
  const f16 = allocated(workload, /^norm$|norms$|router$/);
  assertEquals([quantised.count, f16.count], [2 + 16 + 1024, 1 + 16 + 16]);
  assertEquals(quantised.bytes * 8 / 4.5 + f16.bytes / 2, 6_919_161_856);
});

Deno.test("moe-decode runs attention and eight experts in every layer of a token", () => {
  const jobs = taggedJobs(moeDecode({ prompt: 16, tokens: 2 }));
  assertEquals(jobs.length, UPLOADS + 3 * PASS);
  const token = jobs.slice(-PASS);
  for (let layer = 0; layer < 16; layer++) {
    const [attention, experts] = token.slice(1 + 2 * layer);
    const weights = ["attention", "norms", "router"].map((part) => `layer.${layer}.${part}`);
    assertEquals(attention?.reads, [...weights, `kv.${layer}.0`]);
    assertEquals(attention?.writes, [`kv.${layer}.1`, "activations.hidden", "activations.scratch"]);
    assertEquals(experts?.reads.length, 8);
    assert(experts?.reads.every((tag) => tag.startsWith(`layer.${layer}.expert.`)));
  }
});

Deno.test("moe-decode sends a prompt through all experts", () => {
  const prompt = taggedJobs(moeDecode({ tokens: 0 })).slice(-PASS);
  const experts = prompt.flatMap(({ reads }) => reads.filter((tag) => tag.includes("expert")));
  assertEquals(new Set(experts).size, 1024);
});

Deno.test("moe-decode depends on the seed, in its choice of experts alone", () => {
  const [one, again, two] = [moeDecode(), moeDecode({ seed: 1 }), moeDecode({ seed: 2 })];
  assertEquals(one, again);
  assertNotEquals(one, two);
  const attention = (workload: typeof one) => taggedJobs(workload).filter(({ reads }) => !reads[0]?.includes("expert"));
  assertEquals(attention(one), attention(two));
});
