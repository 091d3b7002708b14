import type { BuiltBuffer, WorkloadBuilder } from "./builder.ts";
import { type KvShape, PagedKvCache } from "./kv_cache.ts";
import { f16 } from "./quantised.ts";

/** A transformer with uploaded weights, as the decode loop needs it. */
export interface DecodeModel extends KvShape {
  /** The token embedding. */
  readonly embedding: readonly BuiltBuffer[];
  /** The bytes of one token's row in it. */
  readonly embeddingRow: number;
  /** The final norm and the projection onto the vocabulary. */
  readonly head: readonly BuiltBuffer[];
  /** Numbers in a token's hidden state. */
  readonly hidden: number;
  /** Numbers that a layer computes for a token on the way from one hidden state to the next. */
  readonly scratch: number;
  /** Size of the vocabulary; one f32 logit for each entry. */
  readonly vocabulary: number;
  /** The weights that each of a layer's jobs reads in a pass over `tokens` new tokens; the first job is attention. */
  layerJobs(layer: number, tokens: number): readonly (readonly BuiltBuffer[])[];
}

/** Lengths of prompt and output. */
export interface DecodeLength {
  /** Tokens of the prompt; a whole number from 1. */
  readonly prompt: number;
  /** Tokens that the model then generates, one at a time; a whole number from 0. */
  readonly tokens: number;
}

/**
 * Submits the jobs of a text generation: one pass over the whole prompt, then a pass for each token.
 *
 * A pass is a job for the embedding, the jobs of every layer in order, and one for the head. A layer's first job reads
 * all of its KV cache and writes the newest pages. All jobs write activation buffers, which are one set for the prompt
 * and another for the tokens.
 *
 * @throws {RangeError} For a length out of its range.
 */
export function decode(builder: WorkloadBuilder, model: DecodeModel, { prompt, tokens }: DecodeLength): void {
  if (!Number.isSafeInteger(prompt) || prompt < 1) throw new RangeError(`prompt must be 1 or more, not ${prompt}`);
  if (!Number.isSafeInteger(tokens) || tokens < 0) throw new RangeError(`tokens must be 0 or more, not ${tokens}`);
  const cache = new PagedKvCache(builder, model);
  passes(builder, model, cache, prompt, 1);
  passes(builder, model, cache, 1, tokens);
}

/** Submits `count` passes over `tokens` new tokens each. */
function passes(
  builder: WorkloadBuilder,
  model: DecodeModel,
  cache: PagedKvCache,
  tokens: number,
  count: number,
): void {
  const hidden = builder.alloc(tokens * f16(model.hidden), "activations.hidden");
  const scratch = builder.alloc(tokens * f16(model.scratch), "activations.scratch");
  const logits = builder.alloc(4 * model.vocabulary, "activations.logits");
  for (let pass = 0; pass < count; pass++) {
    cache.grow(tokens);
    builder.job(model.embedding, [hidden], tokens * model.embeddingRow + hidden.bytes);
    for (let layer = 0; layer < model.layers; layer++) {
      const { older, written } = cache.pages(layer);
      const [attention = [], ...others] = model.layerJobs(layer, tokens);
      builder.job([...attention, ...older], [...written, hidden, scratch]);
      for (const weights of others) builder.job(weights, [hidden, scratch]);
    }
    builder.job([...model.head, hidden], [logits]);
  }
  for (const buffer of [hidden, scratch, logits]) builder.free(buffer);
}
