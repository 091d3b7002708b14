import { bytesOf, type DriverBench, type DriverParts, withDriver } from "./driver_bench.ts";
import { write } from "./contents_cases.ts";

/** Cases for two devices with a driver each, which know nothing of one another. */
export function instanceCases(
  factory: () => DriverParts,
  hasBytes: boolean,
): Record<string, (bench: DriverBench) => Promise<void>> {
  return {
    "two devices of one factory share neither memory nor engines": (bench) =>
      withDriver(factory, (other) => takeTurns([bench, other], hasBytes)),
  };
}

async function takeTurns(benches: readonly DriverBench[], hasBytes: boolean): Promise<void> {
  const seedOf = (at: number, round: number) => hasBytes ? 1 + at + 10 * round : 0;
  const made = await Promise.all(benches.map((bench, at) => bench.make("system", 2, seedOf(at, 0))));
  for (const [round, type] of [...benches[0]?.types ?? [], "system"].entries()) {
    // The copies of the first device have not ended when the second has to settle.
    for (const [at, buffer] of made.entries()) await benches[at]?.bring(buffer, type);
    for (const bench of benches.toReversed()) await bench.settle();
    if (!hasBytes) continue;
    for (const [at, buffer] of made.entries()) {
      await benches[at]?.mustHold(buffer, seedOf(at, round), ": another device of the same factory has one there, too");
      await write(buffer, bytesOf(buffer.bytes, seedOf(at, round + 1)));
    }
  }
}
