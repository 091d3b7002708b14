import { assertEquals } from "@std/assert";
import { type BufferView, type EvictionPolicy, lru } from "@ttm/core";
import { traceOf } from "../replay/compare/trace.ts";
import { testUnless } from "./permissions.ts";
import { findRecordings, readRecording } from "./recordings.ts";

// The published setting of the capture behind the recording: https://github.com/Labeeb2339/stratamoe-lab,
// docs/CAPTURED_SWITCH_TRACE.md and evidence/switch-base-8/comparison.json.
const EXPERT_BYTES = 64_000_000;
const GPU_SLOTS = 12;
const RAM_SLOTS = 18;
const TOKENS = 215;
const BYTES_A_TOKEN = { lru: 419_125_581, lfu: 357_209_302 };

/** Evicts who was used least often, evicted or not; among equals who was used longest ago. */
function lfu(): EvictionPolicy {
  const homes = new Map<number, { readonly id: number; readonly memoryType: string }>();
  const uses = new Map<number, number>();
  const last = new Map<number, number>();
  let now = 0;
  return {
    name: "lfu",
    insert: (entry, { id }, memoryType) => void homes.set(entry, { id, memoryType }),
    touch(entry) {
      const { id } = homes.get(entry) as { id: number };
      uses.set(id, (uses.get(id) ?? 0) + 1);
      last.set(id, now++);
    },
    remove: (entry) => void homes.delete(entry),
    candidates(memoryType) {
      const left = [...homes].filter(([, home]) => home.memoryType === memoryType).sort(([, a], [, b]) =>
        (uses.get(a.id) ?? 0) - (uses.get(b.id) ?? 0) || (last.get(a.id) ?? 0) - (last.get(b.id) ?? 0)
      );
      return { next: () => left.shift()?.[0] ?? -1, close() {} };
    },
  };
}

/** Bytes to the GPU, and from the disk to RAM, of experts that are in one of the two or on disk only. */
function bytesMoved(uses: readonly number[], policy: EvictionPolicy): number {
  const tiers = { gpu: new Set<number>(), ram: new Set<number>() };
  const insert = (expert: number, tier: keyof typeof tiers) => {
    tiers[tier].add(expert);
    policy.insert(expert, { id: expert, priority: 0, pages: 1 } as BufferView, tier);
  };
  const remove = (expert: number, tier: keyof typeof tiers, why: "evicted" | "moved") => {
    tiers[tier].delete(expert);
    policy.remove(expert, why);
  };
  const evictIfFull = (tier: keyof typeof tiers, slots: number) => {
    if (tiers[tier].size < slots) return -1;
    const walk = policy.candidates(tier);
    const victim = walk.next();
    walk.close();
    remove(victim, tier, "evicted");
    return victim;
  };
  let bytes = 0;
  for (const expert of uses) {
    if (!tiers.gpu.has(expert)) {
      bytes += EXPERT_BYTES;
      if (tiers.ram.has(expert)) remove(expert, "ram", "moved");
      else bytes += EXPERT_BYTES;
      const victim = evictIfFull("gpu", GPU_SLOTS);
      if (victim >= 0) {
        evictIfFull("ram", RAM_SLOTS);
        insert(victim, "ram");
      }
      insert(expert, "gpu");
    }
    policy.touch(expert);
  }
  return bytes;
}

const { obstacle } = findRecordings();

testUnless(
  obstacle,
  "lru and lfu move the bytes a token that are published for an expert cache of two tiers",
  async () => {
    const { steps } = traceOf(await readRecording("moe-switch-base-8.jsonl.gz"));
    const uses = steps.flatMap((step) => "uses" in step ? step.uses : []);
    const perToken = (policy: EvictionPolicy) => Math.round(bytesMoved(uses, policy) / TOKENS);
    assertEquals({ lru: perToken(lru()), lfu: perToken(lfu()) }, BYTES_A_TOKEN);
  },
);
