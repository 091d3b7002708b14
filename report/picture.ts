// deno-lint-ignore-file no-console -- a command
/**
 * Takes the picture in the README and those of tests: `deno task report:picture`.
 *
 * @module
 */
import { recorder } from "@ttm/explain";
import { replay, workloads } from "@ttm/replay";
import { runCommand, UsageError } from "../tests/command.ts";
import { fromBase64 } from "./base64.ts";
import { purposeOf } from "./recording.ts";
import { report } from "./report.ts";
import { noChromium, open, QUIET } from "./testing_page.ts";
import { picture, PICTURED, REFERENCE } from "./testing_picture.ts";

const PICTURE = new URL("picture.png", import.meta.url);
/** The part of the page that is shown, in pixels. */
const [TOP, HEIGHT] = [300, 1560];
/** A moment in the middle of a token, and a buffer that was evicted just before. */
const WHERE = "#t=3200&from=2400&until=4400&buffer=17";

await runCommand({
  help: `Replays phi3-decode, opens its report in a headless Chromium, takes the picture in the README,
and those that tests compare a page with.

Usage: deno task report:picture

  --help

Exit status: 0 done, 2 wrong arguments, or there is no Chromium.`,
  options: {},
  async run() {
    if (noChromium !== undefined) throw new UsageError(`Cannot take a picture: ${noChromium}`);
    const { tracer, record } = recorder({
      events: 2 ** 18,
      run: "phi3-decode",
      tagOf: ({ label = "" }) => purposeOf(label),
    });
    const workload = workloads["phi3-decode"]?.make({ seed: 1 });
    if (workload === undefined) throw new Error("there is no such workload");
    await replay(workload, { tracer });
    await open(await report([record()]), async (page) => {
      await page.until("document.querySelector('#order')?.innerText.includes('Last eviction')");
      const { data } = await page.send("Page.captureScreenshot", {
        ...{ format: "png", captureBeyondViewport: true },
        clip: { x: 0, y: TOP, width: 1300, height: HEIGHT, scale: 0.8 },
      });
      await Deno.writeFile(PICTURE, fromBase64(data));
    }, { hash: WHERE, height: TOP + HEIGHT });
    await open(await report([PICTURED]), async (page) => {
      await page.until(QUIET);
      for (const part of ["map", "plot"] as const) {
        const bytes = await page.evaluate(`(${picture(part)}).convertToBlob().then((blob) => blob.bytes()).then(
          (bytes) => btoa(String.fromCharCode(...bytes)))`);
        await Deno.writeFile(REFERENCE[part], fromBase64(String(bytes)));
      }
    }, { hash: "#t=300" });
    console.log([PICTURE, ...Object.values(REFERENCE)].map(({ pathname }) => pathname).join("\n"));
    return 0;
  },
});
