import { assertEquals } from "@std/assert";
import { missing, type Obstacle, testUnless } from "../tests/permissions.ts";
import { originOf } from "./testing_bundle.ts";

const denied: Obstacle = missing("read", "write", "run", "env");
const committed = denied === undefined ? await Deno.readTextFile(new URL("page_asset.ts", import.meta.url)) : "";
const [, version] = /^[^\n]*\bDeno ([\d.]+), sha256-/.exec(committed) ?? [];
const other: Obstacle = version === Deno.version.deno ? undefined : `the bundle was made by Deno ${version}`;
const origin = (denied ?? other) === undefined ? await originOf().catch((error: Error) => error) : undefined;
const obstacle = denied ?? other ?? (origin instanceof Error ? "Deno cannot get its bundler from npm" : undefined);

testUnless(obstacle, "the bundle that is committed is that of the sources", () => {
  const [first = ""] = committed.split("\n", 1);
  assertEquals(first.endsWith(` ${origin}`), true, "page_asset.ts is out of date: run deno task report:bundle");
});
