import type { Workload } from "@ttm/import";
import { type BuiltBuffer, WorkloadBuilder } from "./builder.ts";
import { decode, type DecodeLength } from "./decode.ts";
import { f16, quantised, quantisedSum } from "./quantised.ts";

// From config.json of https://huggingface.co/microsoft/Phi-3-mini-4k-instruct, where the embeddings are not tied.
const HIDDEN = 3072;
const LAYERS = 32;
const HEADS = 32;
const HEAD_SIZE = HIDDEN / HEADS;
const INTERMEDIATE = 8192;
const VOCABULARY = 32064;

/** Queries, keys and values have equally many heads, so they are one matrix of three times the hidden size. */
const QKV = 3 * HIDDEN;
const GATE_UP = 2 * INTERMEDIATE;

/**
 * Text generation by Phi-3-mini-4k-instruct (3.8 billion parameters) with 4-bit weights, which takes 2.15 GB of them
 * and a growing KV cache. The 325 weight tensors have the sizes and names of MLC LLM's q4f16_1 files, one buffer each;
 * see {@linkcode decode} for the loop. Each token walks all of the weights in the same order.
 *
 * @param options By default a prompt of 320 and 32 tokens; their sum should not exceed the model's context of 4096.
 * @throws {RangeError} For a length out of the range of {@linkcode DecodeLength}.
 */
export function phi3Decode({ prompt = 320, tokens = 32 }: Partial<DecodeLength> = {}): Workload {
  const builder = new WorkloadBuilder("phi3-decode", "seq");
  const embedding = uploadMatrix(builder, "transformer.embd", VOCABULARY, HIDDEN);
  const layers = Array.from({ length: LAYERS }, (_, layer) => uploadLayer(builder, `transformer.h.${layer}`));
  const norm = uploadNorm(builder, "transformer.norm");
  const head = [norm, ...uploadMatrix(builder, "lm_head", VOCABULARY, HIDDEN)];
  const model = {
    layers: LAYERS,
    kvHeads: HEADS,
    headSize: HEAD_SIZE,
    embedding,
    embeddingRow: quantisedSum(1, HIDDEN),
    head,
    hidden: HIDDEN,
    scratch: QKV + GATE_UP,
    vocabulary: VOCABULARY,
    layerJobs: (layer: number) => [layers[layer] ?? []],
  };
  decode(builder, model, { prompt, tokens });
  return builder.finish();
}

function uploadLayer(builder: WorkloadBuilder, name: string): BuiltBuffer[] {
  return [
    uploadNorm(builder, `${name}.ln`),
    ...uploadMatrix(builder, `${name}.mixer.qkv_proj`, QKV, HIDDEN),
    ...uploadMatrix(builder, `${name}.mixer.out_proj`, HIDDEN, HIDDEN),
    uploadNorm(builder, `${name}.post_attention_layernorm`),
    ...uploadMatrix(builder, `${name}.mlp.gate_up_proj`, GATE_UP, HIDDEN),
    ...uploadMatrix(builder, `${name}.mlp.down_proj`, HIDDEN, INTERMEDIATE),
  ];
}

function uploadMatrix(builder: WorkloadBuilder, name: string, rows: number, columns: number): BuiltBuffer[] {
  const { weight, scale } = quantised(rows, columns);
  return [builder.upload(weight, `${name}.q_weight`), builder.upload(scale, `${name}.q_scale`)];
}

function uploadNorm(builder: WorkloadBuilder, name: string): BuiltBuffer {
  return builder.upload(f16(HIDDEN), `${name}.weight`);
}
