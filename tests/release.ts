import type { Member } from "./members.ts";

/** What keeps a version from being released, one line each; nothing if it is ready. */
export function obstaclesTo(version: string, members: readonly Member[], changelog: string): string[] {
  const others = members.filter((member) => member.version !== version);
  const obstacles = others.map(({ name, version: other }) => `${name} has version ${other}, not ${version}`);
  if (!changelog.split("\n").some((line) => line.startsWith(`## [${version}] - `))) {
    obstacles.push(`CHANGELOG.md has no entry "## [${version}] - <date>"`);
  }
  return obstacles;
}
