import { licence, style } from "uplot/files";
import { toBase64 } from "./base64.ts";

/** fzstd exports no licence; it is the same one. */
const FZSTD = "Copyright (c) 2020 Arjun Barrett";
const NOTICE = `/*\nuPlot: ${licence.trim()}\n\nfzstd, under the same licence: ${FZSTD}\n*/\n`;

/** What a bundle was made of, as its first line says: the version of Deno, and a hash of all sources that are in it. */
export async function originOf(): Promise<string> {
  // Without minifying, a bundle changes only with the code in it; its comments name files of this machine.
  const script = (await bundle()).replace(/^\/\/ .*\n/gm, "");
  return `Deno ${Deno.version.deno}, ${await hashOf(script + NOTICE + await styles())}`;
}

/** The text of `page_asset.ts`: the page's script and style with their hashes, and the licence of what is in them. */
export async function makeAsset(): Promise<string> {
  // The end of a script inside it would end the element that holds it.
  const script = (await bundle("--minify")).replaceAll("</script", "<\\/script");
  return [
    `// Made by "deno task report:bundle" from page/, with uPlot and fzstd. ${await originOf()}`,
    await constants("SCRIPT", NOTICE + script),
    await constants("STYLE", NOTICE + await styles()),
  ].join("\n");
}

async function styles(): Promise<string> {
  return `${style}\n${await Deno.readTextFile(new URL("page/page.css", import.meta.url))}`;
}

async function constants(name: string, text: string): Promise<string> {
  const hash = await hashOf(text);
  return `export const ${name}: string = ${JSON.stringify(text)};\nexport const ${name}_HASH: string = "${hash}";\n`;
}

async function hashOf(text: string): Promise<string> {
  return `sha256-${toBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))))}`;
}

/** Bundles with Deno's own bundler, which npm provides. */
async function bundle(...options: readonly string[]): Promise<string> {
  const args = ["bundle", "--quiet", "--lock=deno.lock", "--platform=browser", ...options, "report/page/main.ts"];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: new URL("../", import.meta.url), stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot bundle the page: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
