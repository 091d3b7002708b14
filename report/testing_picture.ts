import { makeRecord } from "./testing_records.ts";
import type { ReportedRecord } from "./run.ts";

/** The pictures that a page is compared with; `deno task report:picture` takes them. */
export const REFERENCE: Readonly<Record<"map" | "plot", URL>> = {
  map: new URL("testing_map.png", import.meta.url),
  plot: new URL("testing_plot.png", import.meta.url),
};

/** What is on them. */
export const PICTURED: ReportedRecord = (() => {
  const { header, events } = makeRecord({ events: 4000 });
  return { header, events: [...events] };
})();

/** An expression for a canvas with the first address map, or with the first plot without its texts. */
export function picture(part: keyof typeof REFERENCE): string {
  return `(() => {
    const [source, over] = ${part === "map"}
      ? [document.querySelector(".map canvas"), document.querySelector(".map canvas")]
      : [document.querySelector("#memory canvas"), document.querySelector("#memory .u-over")];
    const [from, box] = [source.getBoundingClientRect(), over.getBoundingClientRect()];
    const canvas = new OffscreenCanvas(Math.round(box.width), Math.round(box.height));
    canvas.getContext("2d").drawImage(source, Math.round(from.x - box.x), Math.round(from.y - box.y));
    return canvas;
  })()`;
}
