import { assert, assertEquals } from "@std/assert";
import { lru } from "@ttm/core";
import { lookahead } from "./lookahead.ts";
import { loops } from "./loops.ts";
import { optimalUploads, uploadsByRound } from "./testing_cycle.ts";

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const cycle = (length: number) => Array.from({ length }, (_, at) => at);
/** Layers that each use their own weights and one cache. */
const layers = cycle(60).flatMap((layer) => [layer + 1, 0]);

const workloads = {
  "a cycle over 4 times VRAM": { round: cycle(100), room: 25, rounds: 5 },
  "a cycle a little larger than VRAM": { round: cycle(115), room: 100, rounds: 5 },
  "layers with a cache": { round: layers, room: 16, rounds: 5 },
};

for (const [name, workload] of Object.entries(workloads)) {
  for (const hinted of [1, 2, 3]) {
    Deno.test(`${name}, ${hinted} rounds of it hinted, uploads little more than the optimum`, async () => {
      const { uploads } = await uploadsByRound({ ...workload, policy: lookahead(lru()), hinted });
      const optimal = optimalUploads(workload);
      assert(sum(uploads) <= 1.1 * sum(optimal), `${uploads}, and ${optimal} would do`);
    });
  }

  Deno.test(`${name} uploads little more than the optimum once loops() has seen it twice`, async () => {
    const { uploads } = await uploadsByRound({ ...workload, policy: loops(lru()) });
    const optimal = optimalUploads(workload);
    assert(sum(uploads.slice(2)) <= 1.1 * sum(optimal.slice(2)), `${uploads}, and ${optimal} would do`);
  });

  Deno.test(`${name} without hints is that of lru()`, async () => {
    const [ahead, plain] = [lookahead(lru()), lru()];
    const seen = [ahead, plain].map(async (policy) => await uploadsByRound({ ...workload, policy }));
    assertEquals(await seen[0], await seen[1]);
  });
}

Deno.test("hints that are half wrong upload no more than none", async () => {
  const workload = workloads["a cycle over 4 times VRAM"];
  let seed = 1;
  const random = (below: number) => (seed = seed * 48271 % 2147483647) % below;
  for (const rounds of [1, 2]) {
    const { uploads } = await uploadsByRound({
      ...workload,
      policy: lookahead(lru()),
      hinted: rounds,
      distort: (hint) => hint.map((buffer) => random(2) === 0 ? buffer : hint[random(hint.length)] ?? buffer),
    });
    const { uploads: without } = await uploadsByRound({ ...workload, policy: lru() });
    assert(sum(uploads) <= sum(without), `${uploads} with hints for ${rounds} rounds, ${without} without`);
  }
});

Deno.test("a loop that ends is forgotten: other uses come in the order of the inner policy again", async () => {
  const round = [...cycle(8), ...cycle(8), ...cycle(8), ...cycle(40), ...cycle(40).reverse()];
  const workload = { round, room: 12, rounds: 2 };
  const { uploads } = await uploadsByRound({ ...workload, policy: loops(lru()) });
  const { uploads: plain } = await uploadsByRound({ ...workload, policy: lru() });
  assert(sum(uploads) <= 1.05 * sum(plain), `${uploads}, and ${plain} with lru()`);
});
