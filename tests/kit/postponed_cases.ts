import { bytesOf, type DriverBench } from "./driver_bench.ts";
import { write } from "./contents_cases.ts";

/** Cases for moves that a driver postpones; they hold for all drivers. */
export function postponedCases(types: readonly string[]): Record<string, (bench: DriverBench) => Promise<void>> {
  const cases: Record<string, (bench: DriverBench) => Promise<void>> = {};
  for (const from of types) {
    for (const to of types) {
      if (from === to) continue;
      cases[`a move from ${from} to ${to} that was given up leaves nothing behind`] = async (bench) => {
        const buffer = await bench.make(from, 2, 1);
        await bench.settle();
        for (let round = 0; round < 2; round++) {
          await buffer.reserve();
          const blocker = buffer.tryValidate({ placement: [{ memoryType: to }] });
          buffer.unreserve();
          if (blocker !== null && round === 1) await bench.elapse();
          await write(buffer, bytesOf(buffer.bytes, 2 + round));
          await bench.settle();
          await bench.bring(buffer, to);
          await bench.mustHold(
            buffer,
            2 + round,
            blocker === null ? "" : ": it was written after a move was postponed",
          );
          await bench.bring(buffer, from);
          await bench.mustHold(buffer, 2 + round);
        }
      };
    }
  }
  return cases;
}
