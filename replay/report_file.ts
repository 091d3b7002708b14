import { type Recorder, recorder } from "@ttm/explain";
import { purposeOf, report, type ReportedRecord } from "@ttm/report";
import type { Workload } from "@ttm/import";
import { writeFile } from "node:fs/promises";
import type { Report } from "./report.ts";
import { formatSize } from "./size.ts";

/** About how many events of a record an event of a workload makes. */
const EVENTS_EACH = 12;
const [LEAST_EVENTS, MOST_EVENTS] = [2 ** 16, 2 ** 23];

/** Records replays for the page that `--report` names. */
export class ReportFile {
  readonly #path: string;
  readonly #records: ReportedRecord[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** Makes the recorder of a replay. A record that is larger than it takes loses its beginning, and the page says so. */
  recorder({ events }: Workload): Recorder {
    const count = events.reduce((sum, event) => sum + (event.op === "job" ? event.uses.length : 1), 0);
    const kept = Math.min(MOST_EVENTS, Math.max(LEAST_EVENTS, EVENTS_EACH * count));
    return recorder({ events: kept, tagOf: ({ label = "" }) => purposeOf(label) });
  }

  /** Adds a replay that has ended. */
  add({ workload, device }: Report, recorder: Recorder, time: Workload["time"]): void {
    const record = recorder.record();
    const run = `${workload}: ${device.manager}, ${device.policy}, ${formatSize(device.vram)}`;
    const notes = time === "us" ? [] : ["The workload has no times: its jobs follow each other as fast as they can."];
    this.#records.push({ header: { ...record.header, run }, events: record.events, notes });
  }

  /** Writes the page. */
  async write(): Promise<void> {
    await writeFile(this.#path, await report(this.#records));
  }
}
