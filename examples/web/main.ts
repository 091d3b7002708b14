/**
 * Serves the page, to this machine only: `deno task example:web`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { runCommand, UsageError, wholeNumber } from "../../tests/command.ts";
import { findChromium, FLAGS } from "../../tests/consumer/chromium.ts";
import { answer } from "./server.ts";
import { visit } from "../../tests/headless.ts";

await runCommand({
  help: `Serves a page in which a model of four times its budget runs, with a map of VRAM. Nobody but this machine can
open it, and it asks for nothing from elsewhere.

Usage: deno task example:web [options]

  --port NUMBER   where to listen on 127.0.0.1; 0: any free port    [8787]
  --picture FILE  opens the page in a headless Chromium that renders in software, takes a picture after ten steps, and
                  ends
  --help

Exit status: 0 done, 1 the page had no GPU or failed, 2 wrong arguments, or there is no Chromium for a picture.`,
  options: { port: { type: "string", default: "8787" }, picture: { type: "string" } },
  async run({ port, picture }) {
    const listening = { hostname: "127.0.0.1", port: wholeNumber("port", port, 0), onListen() {} };
    if (picture === undefined) {
      const server = Deno.serve(listening, answer);
      console.log(`http://127.0.0.1:${server.addr.port}/ -- open it in a browser with WebGPU; Ctrl+C ends this`);
      await server.finished;
      return 0;
    }
    const chromium = findChromium();
    if (chromium === null) {
      throw new UsageError("Cannot take a picture: there is no Chromium on the path or in CHROMIUM");
    }
    await using server = Deno.serve({ ...listening, port: 0 }, answer);
    return await takePicture(chromium, `http://127.0.0.1:${server.addr.port}/?steps=10`, picture);
  },
});

async function takePicture(chromium: string, url: string, file: string): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    await using page = await visit(chromium, FLAGS, folder, url);
    if (await page.until("document.body?.dataset.state") === "done") {
      await Deno.writeFile(file, await page.picture());
      return 0;
    }
    console.error(`Cannot take a picture: ${await page.evaluate("document.querySelector('#about').textContent")}`);
    return 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
