// deno-lint-ignore-file no-console -- a command
/**
 * What a page of a million events costs: `deno task report:measure`.
 *
 * @module
 */
import { runCommand, UsageError, wholeNumber } from "../tests/command.ts";
import { report } from "./report.ts";
import { noChromium, open, QUIET } from "./testing_page.ts";
import { makeRecord } from "./testing_records.ts";

const PANS = 120;
const MiB = 2 ** 20;

/** Pans the map by its own key at every frame, and gives the times between frames in milliseconds. */
const PAN = `new Promise((resolve) => {
  const map = document.querySelector(".map");
  const times = [];
  let last = performance.now();
  const step = (now) => {
    times.push(now - last);
    last = now;
    if (times.length > ${PANS}) return resolve(times.slice(1));
    map.dispatchEvent(new KeyboardEvent("keydown", { key: times.length % 40 < 20 ? "ArrowRight" : "ArrowLeft" }));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

await runCommand({
  help:
    `Makes a record of many events, writes its page, and measures that in a headless Chromium: the time until the page
is drawn, the times between frames while it pans, and its heap.

Usage: deno task report:measure [options]

  --events NUMBER  of the record   [1000000]
  --help

Exit status: 0 done, 2 wrong arguments, or there is no Chromium.`,
  options: { events: { type: "string", default: "1000000" } },
  async run({ events: given }) {
    if (noChromium !== undefined) throw new UsageError(`Cannot measure: ${noChromium}`);
    const events = wholeNumber("events", given, 1);
    const record = makeRecord({ events, buffers: 3000, room: 1500 });
    const whole = { ...record, events: [...record.events] };
    const begun = performance.now();
    const html = await report([whole]);
    console.log(`written    ${(performance.now() - begun).toFixed(0)} ms, ${(html.length / MiB).toFixed(1)} MiB`);
    await open(html, async (page) => {
      await page.until(QUIET);
      const drawn = await page.evaluate("performance.getEntriesByName('drawn')[0].startTime") as number;
      console.log(`opened     ${drawn.toFixed(0)} ms until all is drawn`);
      for (const zoom of [0, 6]) {
        await page.evaluate(
          `for (let i = 0; i < ${zoom}; i++) document.querySelector(".map").dispatchEvent(new KeyboardEvent("keydown", { key: "+" }))`,
        );
        await page.until(QUIET);
        const times = (await page.evaluate(PAN) as number[]).toSorted((a, b) => a - b);
        const [median, late, worst] = [0.5, 0.95, 1].map((share) =>
          times[Math.ceil(share * times.length) - 1] as number
        );
        const rates = `median ${median?.toFixed(1)} ms, 95 % under ${late?.toFixed(1)} ms, worst ${
          worst?.toFixed(1)
        } ms`;
        console.log(`${zoom === 0 ? "panned" : "zoomed in"}     ${times.length} frames: ${rates}`);
      }
      await page.send("HeapProfiler.collectGarbage");
      const { usedSize, backingStorageSize = 0 } = await page.send("Runtime.getHeapUsage");
      console.log(
        `heap       ${(usedSize / MiB).toFixed(0)} MiB, and ${(backingStorageSize / MiB).toFixed(0)} MiB of columns`,
      );
    });
    return 0;
  },
});
