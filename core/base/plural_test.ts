import { assertEquals } from "@std/assert";
import { plural } from "./plural.ts";

Deno.test("plural() adds an s to the noun unless the count is 1", () => {
  assertEquals([0, 1, 2].map((count) => plural(count, "page")), ["0 pages", "1 page", "2 pages"]);
});
