// deno-lint-ignore-file no-console -- this is a command
/**
 * Packs all packages for npm: `deno task pack FOLDER`.
 *
 * @module
 */
import { resolve } from "node:path";
import { runCommand, UsageError } from "../command.ts";
import { packAll } from "./npm.ts";
import { ownFolder } from "./own_folder.ts";
import { publishAll } from "./publish.ts";
import { Registry } from "./registry.ts";

await runCommand({
  help: `Packs all packages for npm, and prints the names of the tarballs.

Usage: deno task pack FOLDER

  FOLDER  where to put them; it is made if need be
  --help`,
  options: {},
  arguments: 1,
  async run(_values, [folder]) {
    if (folder === undefined) throw new UsageError("Cannot pack: name a FOLDER for the tarballs, or see --help");
    const path = resolve(folder);
    await Deno.mkdir(path, { recursive: true });
    await using registry = new Registry(ownFolder());
    console.log((await packAll(await publishAll(registry), path)).join("\n"));
    return 0;
  },
});
