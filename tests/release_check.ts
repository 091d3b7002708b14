// deno-lint-ignore-file no-console -- this is a command
// Says whether a version can be released: deno run --allow-read tests/release_check.ts 0.2.0
import { readMembers, ROOT } from "./members.ts";
import { obstaclesTo } from "./release.ts";

const [version] = Deno.args;
if (version === undefined) {
  console.error("Usage: release_check.ts VERSION");
  Deno.exit(2);
}
const obstacles = obstaclesTo(version, readMembers(), Deno.readTextFileSync(new URL("CHANGELOG.md", ROOT)));
for (const obstacle of obstacles) console.error(obstacle);
if (obstacles.length > 0) Deno.exit(1);
