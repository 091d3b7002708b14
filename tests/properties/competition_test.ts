import { assert, assertEquals } from "@std/assert";
import { compete } from "./competition.ts";

for (const parties of [3, 16]) {
  for (const waits of [false, true]) {
    const how = waits ? "wait for evictions" : "hand room on behind copies";
    Deno.test(`${parties} parties that use 60 % of VRAM each and ${how} all get their turns, and no ENOMEM`, async () => {
      const submissions = 60;
      const result = await compete({ parties, submissions, waits });
      assertEquals([result.submissions, result.outOfMemory], [parties * submissions, 0]);
      // Each has called before those that come before it, and calls once at a time.
      assert(result.mostTurnsOfOthers < parties, `${result.mostTurnsOfOthers} turns of others`);
      assert(result.waited > parties * submissions / 2, `only ${result.waited} have waited`);
    });
  }
}
