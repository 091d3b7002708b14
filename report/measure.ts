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

const PANS = 60;
const MiB = 2 ** 20;

/** A metric of Chromium's. */
interface Metric {
  readonly name: string;
  readonly value: number;
}

/** Pans the map by its own key at every frame, and gives the times between frames in milliseconds. */
const PAN = `new Promise((resolve) => {
  const map = document.querySelector(".map");
  const times = [];
  let last = performance.now();
  const step = (now) => {
    times.push(now - last);
    last = now;
    if (times.length > ${PANS}) return resolve(times.slice(1));
    map.dispatchEvent(new KeyboardEvent("keydown", { key: times.length % 10 < 5 ? "ArrowRight" : "ArrowLeft" }));
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
    await open("", async (page, address) => {
      // What the page's thread computes is the same on a busy machine; the times that pass are not.
      await page.send("Performance.enable", { timeDomain: "threadTicks" });
      const computed = async () => {
        const { metrics } = await page.send("Performance.getMetrics") as { readonly metrics: readonly Metric[] };
        return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN);
      };
      await Deno.writeTextFile(new URL(address), html);
      await page.send("Page.navigate", { url: address });
      await page.until(QUIET);
      const drawn = await page.evaluate("performance.getEntriesByName('drawn')[0].startTime") as number;
      console.log(`opened     ${drawn.toFixed(0)} ms until all is drawn, ${(await computed()).toFixed(0)} ms computed`);
      await page.evaluate("document.querySelector('.map').scrollIntoView()");
      for (const [zoom, what] of [[1, "all"], [12, "a tenth"]] as const) {
        await page.evaluate(`for (let i = 0; i < ${zoom}; i++) {
          document.querySelector(".map").dispatchEvent(new KeyboardEvent("keydown", { key: "+" }));
        }`);
        await page.until(QUIET);
        const before = await computed();
        const times = (await page.evaluate(PAN) as number[]).toSorted((a, b) => a - b);
        const each = (await computed() - before) / times.length;
        const [median, late] = [0.5, 0.95].map((share) => times[Math.ceil(share * times.length) - 1] as number);
        const passed = `median ${median?.toFixed(1)} ms, 95 % under ${late?.toFixed(1)} ms`;
        console.log(`panned     ${times.length} frames of ${what}: ${passed}, ${each.toFixed(1)} ms computed for each`);
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
