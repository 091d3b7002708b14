import type { Workload } from "@ttm/import";
import { moeDecode } from "./workloads/moe_decode.ts";
import { phi3Decode } from "./workloads/phi3_decode.ts";
import { textureStreaming } from "./workloads/texture_streaming.ts";

/** For tests: the shipped workloads, shorter. */
export const shortened: Readonly<Record<string, Workload>> = {
  "phi3-decode": phi3Decode({ prompt: 32, tokens: 3 }),
  "texture-streaming": textureStreaming({ frames: 90 }),
  "moe-decode": moeDecode({ prompt: 32, tokens: 4 }),
};
