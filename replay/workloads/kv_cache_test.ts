import { assertEquals } from "@std/assert";
import { WorkloadBuilder } from "./builder.ts";
import { PagedKvCache } from "./kv_cache.ts";

function tagsOf(builder: WorkloadBuilder): string[] {
  return builder.finish().events.flatMap((event) => event.op === "alloc" ? [`${event.tag}: ${event.bytes}`] : []);
}

Deno.test("a page holds the keys and values of 16 tokens in f16", () => {
  const builder = new WorkloadBuilder("test", "seq");
  new PagedKvCache(builder, { layers: 2, kvHeads: 32, headSize: 96 }).grow(17);
  assertEquals(tagsOf(builder), ["kv.0.0: 196608", "kv.0.1: 196608", "kv.1.0: 196608", "kv.1.1: 196608"]);
});

Deno.test("pages appear when tokens need them, and the newest tokens' pages are written", () => {
  const cache = new PagedKvCache(new WorkloadBuilder("test", "seq"), { layers: 1, kvHeads: 1, headSize: 1 });
  const grown = (tokens: number) => {
    cache.grow(tokens);
    const { older, written } = cache.pages(0);
    return [older.length, written.length];
  };
  assertEquals(grown(31), [0, 2], "tokens 1 to 31 are on pages 1 and 2");
  assertEquals(grown(1), [1, 1], "token 32 is on page 2");
  assertEquals(grown(1), [2, 1], "token 33 is on page 3");
  assertEquals(grown(16), [2, 2], "tokens 34 to 49 are on pages 3 and 4");
});
