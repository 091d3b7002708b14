import { licence, style } from "uplot/files";
import { toBase64 } from "./base64.ts";

/** The text of `page_asset.ts`: the page's script and style with their hashes, and the licence of what is in them. */
export async function makeAsset(): Promise<string> {
  const notice = `/*\nuPlot ${licence.trim()}\n*/\n`;
  // The end of a script inside it would end the element that holds it.
  const script = `${notice}${(await bundle("report/page/main.ts")).replaceAll("</script", "<\\/script")}`;
  const css = await Deno.readTextFile(new URL("page/page.css", import.meta.url));
  return [
    "// Made by `deno task report:bundle` from page/, with uPlot.",
    await constants("SCRIPT", script),
    await constants("STYLE", `${notice}${style}\n${css}`),
  ].join("\n");
}

async function constants(name: string, text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hash = `sha256-${toBase64(new Uint8Array(digest))}`;
  return `export const ${name}: string = ${JSON.stringify(text)};\nexport const ${name}_HASH: string = "${hash}";\n`;
}

/** Bundles with Deno's own bundler, which npm provides. */
async function bundle(entry: string): Promise<string> {
  const args = ["bundle", "--quiet", "--lock=deno.lock", "--platform=browser", "--minify", entry];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: new URL("../", import.meta.url), stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot bundle ${entry}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
