/**
 * Bundles the script and the style of the page into `page_asset.ts`, which is published and committed, so that a report
 * can be written without a bundler and without the network: `deno task report:bundle`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { runCommand } from "../tests/command.ts";
import { makeAsset } from "./testing_bundle.ts";

const ASSET = new URL("page_asset.ts", import.meta.url);

await runCommand({
  help: `Bundles the script and the style of the report's page into report/page_asset.ts.

Usage: deno task report:bundle

  --help

Exit status: 0 done, 1 the bundler failed.`,
  options: {},
  async run() {
    const asset = await makeAsset();
    await Deno.writeTextFile(ASSET, asset);
    console.log(`${ASSET.pathname}: ${asset.length.toLocaleString("en-US")} characters`);
    return 0;
  },
});
