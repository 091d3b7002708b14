import type { Workload } from "@ttm/import";
import { type BuiltBuffer, WorkloadBuilder } from "./builder.ts";
import { decode, type DecodeLength } from "./decode.ts";
import { SyntheticRouting } from "./moe_routing.ts";
import { f16, quantisedSum } from "./quantised.ts";

// From config.json of https://huggingface.co/allenai/OLMoE-1B-7B-0924, where the embeddings are not tied.
const HIDDEN = 2048;
const LAYERS = 16;
const HEADS = 16;
const HEAD_SIZE = HIDDEN / HEADS;
const EXPERTS = 64;
const CHOSEN = 8;
const INTERMEDIATE = 1024;
const VOCABULARY = 50304;

/** The norms of a layer, all of the hidden size: before attention, of queries, of keys, before the experts. */
const NORMS = 4;

/** Lengths of prompt and output, and the seed of the routing. */
export interface MoeOptions extends DecodeLength {
  /** Only its lower 32 bits count. */
  readonly seed: number;
}

/**
 * Text generation by OLMoE-1B-7B (Muennighoff et al., https://arxiv.org/abs/2409.02060), a mixture of experts with 6.9
 * billion parameters, of which a token uses 1.3 billion. Weights are 4-bit in MLC LLM's q4f16_1 layout, routers and
 * norms f16: 3.9 GB, with a buffer for every expert. In each layer one job runs attention and the router, another the
 * eight experts that the router chose; the prompt goes through all 64. See {@linkcode decode} for the loop, and
 * {@linkcode SyntheticRouting} for the choice, which is synthetic.
 *
 * @param options By default a prompt of 320, 32 tokens and seed 1. Prompt and tokens together should not exceed the
 * model's context of 4096.
 * @throws {RangeError} For a length out of the range of {@linkcode DecodeLength}.
 */
export function moeDecode({ prompt = 320, tokens = 32, seed = 1 }: Partial<MoeOptions> = {}): Workload {
  const builder = new WorkloadBuilder("moe-decode", "seq");
  const embedding = [builder.upload(quantisedSum(VOCABULARY, HIDDEN), "embedding")];
  const layers = Array.from({ length: LAYERS }, (_, layer) => uploadLayer(builder, layer));
  const norm = builder.upload(f16(HIDDEN), "norm");
  const head = [norm, builder.upload(quantisedSum(VOCABULARY, HIDDEN), "head")];
  const routing = new SyntheticRouting({ layers: LAYERS, experts: EXPERTS, chosen: CHOSEN }, seed);
  const model = {
    layers: LAYERS,
    kvHeads: HEADS,
    headSize: HEAD_SIZE,
    embedding,
    embeddingRow: quantisedSum(1, HIDDEN),
    head,
    hidden: HIDDEN,
    scratch: 3 * HIDDEN + CHOSEN * 2 * INTERMEDIATE,
    vocabulary: VOCABULARY,
    layerJobs: (layer: number, newTokens: number) => {
      const { attention = [], experts = [] } = layers[layer] ?? {};
      if (newTokens > 1) return [attention, experts];
      const chosen = new Set(routing.next(layer));
      return [attention, experts.filter((_, expert) => chosen.has(expert))];
    },
  };
  decode(builder, model, { prompt, tokens });
  return builder.finish();
}

function uploadLayer(builder: WorkloadBuilder, layer: number): { attention: BuiltBuffer[]; experts: BuiltBuffer[] } {
  const projections = 4 * quantisedSum(HIDDEN, HIDDEN);
  const gateUpDown = 2 * quantisedSum(INTERMEDIATE, HIDDEN) + quantisedSum(HIDDEN, INTERMEDIATE);
  const attention = [
    builder.upload(projections, `layer.${layer}.attention`),
    builder.upload(f16(NORMS * HIDDEN), `layer.${layer}.norms`),
    builder.upload(f16(EXPERTS * HIDDEN), `layer.${layer}.router`),
  ];
  const experts = Array.from(
    { length: EXPERTS },
    (_, expert) => builder.upload(gateUpDown, `layer.${layer}.expert.${expert}`),
  );
  return { attention, experts };
}
