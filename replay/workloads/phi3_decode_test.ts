import { assertEquals, assertThrows } from "@std/assert";
import { checkWorkload } from "../../import/trace_testing.ts";
import { peakBytes } from "@ttm/import";
import { BANDWIDTH } from "./builder.ts";
import { allocated, assertAllFreed, taggedJobs } from "./inspect_testing.ts";
import { phi3Decode } from "./phi3_decode.ts";

const WEIGHTS = /^(transformer|lm_head)\./;
const WEIGHT_BYTES = 2_149_644_288;
const PAGE_BYTES = 196_608;

Deno.test("phi3-decode is well formed and frees everything", async () => {
  const workload = phi3Decode();
  await checkWorkload(workload);
  assertAllFreed(workload);
  assertEquals([workload.name, workload.time], ["phi3-decode", "seq"]);
});

Deno.test("phi3-decode has the published weights, each uploaded by a job before the first token", () => {
  const workload = phi3Decode();
  assertEquals(allocated(workload, WEIGHTS), { count: 325, bytes: WEIGHT_BYTES });
  assertEquals(allocated(workload, /q_weight$/), { count: 130, bytes: 1_910_439_936 });
  assertEquals(allocated(workload, /(norm|ln)\.weight$/), { count: 65, bytes: 65 * 6144 });
  for (const { reads, writes } of taggedJobs(workload).slice(0, 325)) {
    assertEquals([reads.length, writes.length, WEIGHTS.test(writes[0] ?? "")], [0, 1, true]);
  }
});

Deno.test("phi3-decode walks all layers for the prompt and for every token", () => {
  const jobs = taggedJobs(phi3Decode({ tokens: 3 }));
  assertEquals(jobs.length, 325 + 4 * 34);
  const token = jobs.slice(-34);
  assertEquals(token[0]?.reads, ["transformer.embd.q_weight", "transformer.embd.q_scale"]);
  assertEquals(token[33]?.reads, [
    "transformer.norm.weight",
    "lm_head.q_weight",
    "lm_head.q_scale",
    "activations.hidden",
  ]);
  const order = token.slice(1, 33).map(({ reads }) => reads[0]);
  assertEquals(order, Array.from({ length: 32 }, (_, layer) => `transformer.h.${layer}.ln.weight`));
});

Deno.test("phi3-decode reads a layer's ten tensors and KV cache, and writes the newest page", () => {
  const jobs = taggedJobs(phi3Decode({ prompt: 32, tokens: 1 }));
  const layer = jobs.at(-34 + 1 + 5);
  assertEquals(layer?.reads, [
    "transformer.h.5.ln.weight",
    "transformer.h.5.mixer.qkv_proj.q_weight",
    "transformer.h.5.mixer.qkv_proj.q_scale",
    "transformer.h.5.mixer.out_proj.q_weight",
    "transformer.h.5.mixer.out_proj.q_scale",
    "transformer.h.5.post_attention_layernorm.weight",
    "transformer.h.5.mlp.gate_up_proj.q_weight",
    "transformer.h.5.mlp.gate_up_proj.q_scale",
    "transformer.h.5.mlp.down_proj.q_weight",
    "transformer.h.5.mlp.down_proj.q_scale",
    "kv.5.0",
    "kv.5.1",
  ]);
  assertEquals(layer?.writes, ["kv.5.2", "activations.hidden", "activations.scratch"]);
  const layerBytes = 63_713_280 + 3 * PAGE_BYTES + 2 * (3072 + 9216 + 16384);
  assertEquals(layer?.durationUs, Math.ceil(layerBytes / BANDWIDTH));
});

Deno.test("phi3-decode reads one row of the embedding for a token", () => {
  assertEquals(taggedJobs(phi3Decode({ tokens: 1 })).at(-34)?.durationUs, 1);
});

Deno.test("phi3-decode grows its KV cache by a page a layer every 16 tokens", () => {
  const pages = (prompt: number, tokens: number) => allocated(phi3Decode({ prompt, tokens }), /^kv\./).count / 32;
  assertEquals([pages(1, 0), pages(16, 0), pages(16, 1), pages(16, 16), pages(16, 17)], [1, 1, 2, 2, 3]);
  assertEquals(allocated(phi3Decode(), /^kv\./), { count: 22 * 32, bytes: 22 * 32 * PAGE_BYTES });
});

Deno.test("phi3-decode has its peak while the prompt is read, or at the end with a short prompt", () => {
  const norms = 65 * (8192 - 6144);
  const logits = 131_072; // 128 256 bytes in whole pages, as are the activations below
  const prompt = 20 * 32 * PAGE_BYTES + 320 * 6144 + 320 * 51_200;
  assertEquals(peakBytes(phi3Decode()), WEIGHT_BYTES + norms + prompt + logits);
  const end = 3 * 32 * PAGE_BYTES + 8192 + 53_248;
  assertEquals(peakBytes(phi3Decode({ prompt: 1, tokens: 32 })), WEIGHT_BYTES + norms + end + logits);
});

Deno.test("phi3-decode refuses a prompt or a number of tokens out of range", () => {
  assertThrows(() => phi3Decode({ prompt: 0 }), RangeError, "prompt must be 1 or more, not 0");
  assertThrows(() => phi3Decode({ prompt: 1.5 }), RangeError, "prompt must be 1 or more, not 1.5");
  assertThrows(() => phi3Decode({ tokens: -1 }), RangeError, "tokens must be 0 or more, not -1");
  assertThrows(() => phi3Decode({ tokens: NaN }), RangeError, "tokens must be 0 or more, not NaN");
});
