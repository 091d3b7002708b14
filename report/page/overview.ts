/// <reference lib="dom" />
import { sizeText, timeText } from "../look/names.ts";
import type { Run } from "../run.ts";
import { button, h, section, tableOf } from "./dom.ts";
import { MEANINGS } from "./meanings.ts";
import { bufferButton } from "./moment.ts";
import type { State } from "./state.ts";

const LISTED_FAILURES = 200;

/** Figures of all runs side by side, and what their records do not say. */
export function overviewSection(runs: readonly Run[]): HTMLElement {
  const number = (value: number) => value.toLocaleString("en-US");
  const rows = runs.map((run) => [
    run.name,
    run.driver,
    run.policy,
    typesText(run),
    timeText(run, run.duration),
    ...[run.totals.events, run.totals.buffers, run.totals.evictions].map(number),
    sizeText(run.totals.bytesMoved),
    number(run.totals.failures),
    `${number(run.totals.waits)} (${timeText(run, run.totals.waited)})`,
  ]);
  const head = [
    "run",
    "driver",
    "policy",
    "memory",
    "time",
    "events",
    "buffers",
    "evictions",
    "bytes moved",
    "failures",
    "waits",
  ];
  const notes = runs.flatMap(({ name, notes }) =>
    notes.map((note) => h("li", {}, runs.length === 1 ? note : `${name}: ${note}`))
  );
  const table = tableOf(runs.length === 1 ? "The run" : "The runs", head, rows, 4);
  return section(
    ...["overview", "Overview", MEANINGS.overview] as const,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Figures of all runs" }, table),
    ...(notes.length === 0 ? [] : [h("ul", { class: "notes" }, ...notes)]),
  );
}

function typesText({ types, pageSize }: Run): string {
  const sized = types.filter(({ pages }) => pages !== null);
  return sized.map(({ name, pages, manager }) => `${name} ${sizeText((pages ?? 0) * pageSize)} (${manager})`).join(
    ", ",
  );
}

/** The failures of the chosen run. */
export function failuresSection(state: State): HTMLElement {
  const content = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Failures" });
  state.listen(({ run, runs }, last) => {
    if (run === last?.run && runs === last.runs) return;
    const shown = runs[run];
    if (shown === undefined) return;
    const { failures } = shown.totals;
    const rows = shown.failures.slice(0, LISTED_FAILURES).map(({ time, code, buffer, message }) => [
      button(timeText(shown, time), "Go to the moment of the failure", () => state.set({ t: time })),
      code,
      bufferButton(state, shown, buffer),
      h("span", { class: "message" }, message),
    ]);
    const more = failures > rows.length ? `, of which the first ${rows.length} are listed` : "";
    const caption = failures === 0 ? "None" : `${failures.toLocaleString("en-US")} failures${more}`;
    content.replaceChildren(tableOf(caption, ["at", "code", "buffer", "message"], rows, 4));
  });
  return section("failures", "Failures", MEANINGS.failures, content);
}
