// deno-lint-ignore-file no-console -- this is a command
/**
 * Packs all packages for npm: `deno task pack FOLDER`.
 *
 * @module
 */
import { resolve } from "node:path";
import { packAll } from "./npm.ts";
import { ownFolder } from "./own_folder.ts";
import { publishAll } from "./publish.ts";
import { Registry } from "./registry.ts";

const folder = resolve(Deno.args[0] ?? "npm");
await Deno.mkdir(folder, { recursive: true });
await using registry = new Registry(ownFolder());
console.log((await packAll(await publishAll(registry), folder)).join("\n"));
