import { assertEquals } from "@std/assert";
import { obstaclesTo } from "./release.ts";

const core = { name: "@ttm/core", version: "0.2.0", folder: "core/", description: "", exports: {} };
const CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n";

Deno.test("a version that is in all packages and in the changelog can be released", () => {
  assertEquals(obstaclesTo("0.2.0", [core], CHANGELOG), []);
});

Deno.test("a package of another version and a missing changelog entry prevent a release", () => {
  assertEquals(obstaclesTo("0.3.0", [core], CHANGELOG), [
    "@ttm/core has version 0.2.0, not 0.3.0",
    'CHANGELOG.md has no entry "## [0.3.0] - <date>"',
  ]);
  assertEquals(obstaclesTo("0.2", [{ ...core, version: "0.2" }], CHANGELOG).length, 1);
});
