import { checkInteger, checkOptions, optionNames } from "@ttm/core/arguments";
import type { Workload } from "@ttm/import";
import { moeDecode } from "./moe_decode.ts";
import { phi3Decode } from "./phi3_decode.ts";
import { textureStreaming } from "./texture_streaming.ts";

const OPTIONS = optionNames<{ readonly seed: number }>({ seed: true });

/** A workload that comes with the package. It is computed, not stored. */
export interface ShippedWorkload {
  /** A description in one line. */
  readonly description: string;
  /**
   * Computes it; the same seed, a whole number, gives the same events. Workloads without randomness ignore it.
   *
   * @throws {TtmError} `EINVAL` for an invalid seed or an unknown option.
   */
  make(options: { readonly seed: number }): Workload;
}

/** The workloads that come with the package, by name. */
export const workloads: Readonly<Record<string, ShippedWorkload>> = {
  "phi3-decode": {
    description: "Phi-3-mini generates 32 tokens: 2.15 GB of 4-bit weights, all read for every token, and a KV cache",
    make: (options) => {
      seedOf(options);
      return phi3Decode();
    },
  },
  "texture-streaming": {
    description: "A game flies over a textured world for 8 seconds: textures stream in and out at 60 frames a second",
    make: (options) => textureStreaming({ seed: seedOf(options) }),
  },
  "moe-decode": {
    description: "OLMoE-1B-7B generates 32 tokens: 3.9 GB of 4-bit weights, 8 of 64 experts a layer for every token",
    make: (options) => moeDecode({ seed: seedOf(options) }),
  },
};

function seedOf(options: { readonly seed: number }): number {
  checkOptions("make a workload", options, OPTIONS);
  return checkInteger("make a workload", "seed", options.seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}
