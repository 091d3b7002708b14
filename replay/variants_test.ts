import { assertEquals } from "@std/assert";
import { variantsOf } from "./variants.ts";

Deno.test("values that are divided by commas are combined, and files and absent ones are one value", () => {
  const found = variantsOf({ manager: "range,buddy", policy: "./a,b.ts", vram: undefined });
  assertEquals(found.map(({ manager, policy, vram }) => [manager, policy, vram]), [
    ["range", "./a,b.ts", undefined],
    ["buddy", "./a,b.ts", undefined],
  ]);
  assertEquals(variantsOf({ manager: undefined, policy: "lru,mru", vram: "25%,50%" }).length, 4);
});
