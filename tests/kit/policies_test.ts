import { assertEquals } from "@std/assert";
import { BoDevice, type EvictionPolicy, PAGE_SIZE } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { testPolicy } from "./mod.ts";
import { clock, secondChance, sieve } from "./testing_policies.ts";

for (const factory of [sieve, clock, secondChance]) testPolicy({ test: Deno.test, factory });

/** The buffers that a device with room for four of nine evicts; only the second buffer is used again. */
function evictions(policy: EvictionPolicy): string {
  let evicted = "";
  const vram = new Uint8Array(4 * PAGE_SIZE);
  const device = new BoDevice({
    driver: {
      name: "card",
      memoryTypes: [{ name: "system" }, { name: "vram", pages: 4, fixed: true }],
      evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
      ioMemReserve: (_type, start, pages) => vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE),
    },
    managers: { vram: firstFit() },
    policy,
    tracer: { move: ({ buffer, evict }) => evicted += evict ? buffer.label : "" },
  });
  const come = (label: string) => {
    const buffer = device.createBuffer({ bytes: PAGE_SIZE, label });
    buffer.tryReserve();
    buffer.tryValidate({ placement: [{ memoryType: "vram" }] });
    buffer.unlock();
    return buffer;
  };
  const [, second] = Array.from("abcd", come);
  second?.tryReserve();
  second?.unreserve();
  for (const label of "efghi") come(label);
  return evicted;
}

Deno.test("SIEVE keeps a used entry behind its hand; CLOCK and second chance evict it before newer ones", () => {
  assertEquals([sieve, clock, secondChance].map((factory) => evictions(factory())), ["acdef", "acdeb", "acdeb"]);
});
