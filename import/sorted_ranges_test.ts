import { assertEquals } from "@std/assert";
import { randomNumbers } from "../replay/workloads/random.ts";
import { SortedRanges } from "./sorted_ranges.ts";

Deno.test("sorted ranges find, add and remove as a plain list does", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = randomNumbers(seed);
    const ranges = new SortedRanges();
    const plain = new Map<number, number>();
    for (let step = 0; step < 4000; step++) {
      const start = Math.floor(random() * 3000);
      // More are added at first, more removed later, so that runs split and vanish.
      if (random() < (step < 2000 ? 0.8 : 0.2)) {
        if (!plain.has(start)) ranges.add({ start, bytes: step });
        if (!plain.has(start)) plain.set(start, step);
      } else {
        assertEquals(ranges.remove(start)?.bytes, plain.get(start), `seed ${seed}, step ${step}`);
        plain.delete(start);
      }
      const probe = Math.floor(random() * 3000);
      const below = [...plain.keys()].reduce((best, key) => key <= probe && key > best ? key : best, -1);
      if (step % 20 === 0) assertEquals(ranges.floor(probe)?.start ?? -1, below, `seed ${seed}, step ${step}`);
    }
  }
});
