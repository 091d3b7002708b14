import { checkArray } from "@ttm/core/arguments";
import { pack } from "./pack.ts";
import { SCRIPT, SCRIPT_HASH, STYLE, STYLE_HASH } from "./page_asset.ts";
import { bounded } from "./bounded.ts";
import { reduce } from "./reduce/reduce.ts";
import type { ReportedRecord } from "./run.ts";

/** Nothing may be asked for, run or shown but what the page itself has. */
const POLICY = [
  "default-src 'none'",
  `script-src '${SCRIPT_HASH}'`,
  `style-src '${STYLE_HASH}'`,
  "worker-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * Writes one HTML file that shows what devices did with their memory, and why: memory by type, address maps over time,
 * moves, the order of eviction at any moment, fragmentation, failures and all buffers. Several records lie on one axis
 * of time, each from its first event on. Without a record it is a page that reads recordings which are dropped on it.
 * The page asks for nothing from anywhere. Asynchronous, because the data is compressed.
 *
 * The size of the file is bounded, whatever the number of events: see the README.
 *
 * @returns The text of the file.
 * @throws {TtmError} `EINVAL` if `records` is no array.
 *
 * @example A page that reads recordings
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { report } from "@ttm/report";
 *
 * assertMatch(await report([]), /^<!doctype html>/);
 * ```
 */
export async function report(records: readonly ReportedRecord[]): Promise<string> {
  checkArray("write a report", "records", records);
  const packed = records.length === 0 ? null : await pack(records.map((record) => bounded(reduce(record))));
  // Texts of records may have anything in them, also the end of a script.
  const data = JSON.stringify(packed).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@ttm/report</title>
<style>${STYLE}</style>
<body>
<noscript>This page needs JavaScript. It asks for nothing from anywhere.</noscript>
<script type="application/json" id="data">${data}</script>
<script type="module" id="script">${SCRIPT}</script>
</body>
</html>
`;
}
