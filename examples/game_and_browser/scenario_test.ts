import { assertEquals } from "@std/assert";
import { MiB, playBeside } from "./scenario.ts";

Deno.test("a protected game takes VRAM from a browser that was first, and keeps it", async () => {
  const [without, protecting] = [await playBeside("falls back", 0), await playBeside("falls back", 160 * MiB)];
  assertEquals(without, { gameInGtt: 144 * MiB, gameEvictions: 0, bytesMoved: 0 });
  assertEquals(protecting, { gameInGtt: 0, gameEvictions: 0, bytesMoved: 144 * MiB });
});

Deno.test("where all evict others, a protected game is not evicted, and less is moved", async () => {
  const [without, protecting] = [await playBeside("evicts", 0), await playBeside("evicts", 160 * MiB)];
  assertEquals(without, { gameInGtt: 144 * MiB, gameEvictions: 1080, bytesMoved: 23_616 * MiB });
  assertEquals(protecting, { gameInGtt: 0, gameEvictions: 0, bytesMoved: 15_264 * MiB });
});
