import { assertEquals } from "@std/assert";
import { missing, type Obstacle, testUnless } from "../tests/permissions.ts";
import { makeAsset } from "./testing_bundle.ts";

const denied: Obstacle = missing("read", "write", "run", "env");
const asset = denied === undefined ? await makeAsset().catch((error: Error) => error) : undefined;
const obstacle = denied ?? (asset instanceof Error ? "Deno cannot get its bundler from npm" : undefined);

testUnless(obstacle, "the bundle that is committed is that of the sources: deno task report:bundle", async () => {
  const committed = await Deno.readTextFile(new URL("page_asset.ts", import.meta.url));
  assertEquals(committed === asset, true, "page_asset.ts is out of date: run deno task report:bundle");
});
