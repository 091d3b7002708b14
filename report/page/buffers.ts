/// <reference lib="dom" />
import { at } from "../at.ts";
import { sizeText, timeText } from "../look/names.ts";
import { type Key, rowsOf } from "../look/rows.ts";
import type { Run } from "../run.ts";
import { button, h, section } from "./dom.ts";
import { MEANINGS } from "./meanings.ts";
import { bufferButton } from "./moment.ts";
import type { State } from "./state.ts";

const PAGE_ROWS = 50;

const COLUMNS: readonly (readonly [key: Key, title: string])[] = [
  ...([["label", "buffer"], ["tag", "tag"], ["client", "client"], ["bytes", "bytes"], ["created", "created"]] as const),
  ...([["destroyed", "destroyed"], ["evictions", "evictions"], ["moved", "bytes moved"]] as const),
];
const TEXTS = 3;

/** All buffers: sorted by any column, searched, and a page at a time. */
export function buffersSection(state: State): HTMLElement {
  let sort: { readonly key: Key; readonly descending: boolean } = { key: "bytes", descending: true };
  let rows: Int32Array = new Int32Array();
  let page = 0;
  const search = h("input", { type: "search", placeholder: "label, tag, client or number" });
  const status = h("span", { role: "status" });
  const body = h("tbody");
  const sorters = COLUMNS.map(([key, title], column) => {
    const sorter = h("button", { type: "button", class: "link" }, title);
    sorter.addEventListener("click", () => {
      sort = { key, descending: sort.key === key ? !sort.descending : column >= TEXTS };
      fill();
    });
    return h("th", { scope: "col", class: column < TEXTS ? "" : "figure" }, sorter);
  });
  const turn = (by: number) => {
    page = Math.min(Math.max(0, page + by), Math.max(0, Math.ceil(rows.length / PAGE_ROWS) - 1));
    showPage();
  };
  const pager = h(
    "p",
    {},
    button("◀", "Previous buffers", () => turn(-1)),
    " ",
    button("▶", "Next buffers", () => turn(1)),
    " ",
    status,
  );
  search.addEventListener("input", () => state.set({ query: search.value }));
  state.listen(({ query, run, runs }, last) => {
    if (query === last?.query && run === last.run && runs === last.runs) return;
    if (document.activeElement !== search) search.value = query;
    fill();
  });

  function fill(): void {
    const run = state.now.runs[state.now.run];
    if (run === undefined) return;
    [rows, page] = [rowsOf(run, state.now.query, sort.key, sort.descending), 0];
    for (const [column, header] of sorters.entries()) {
      const sorted = COLUMNS[column]?.[0] === sort.key;
      header.setAttribute("aria-sort", sorted ? (sort.descending ? "descending" : "ascending") : "none");
    }
    showPage();
  }

  function showPage(): void {
    const run = state.now.runs[state.now.run] as Run;
    const shown = rows.subarray(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
    const [first, number] = [page * PAGE_ROWS + 1, (value: number) => value.toLocaleString("en-US")];
    status.textContent = rows.length === 0
      ? "No buffer"
      : `${number(first)} to ${number(first + shown.length - 1)} of ${number(rows.length)} buffers`;
    body.replaceChildren(...[...shown].map((row) => tableRow(state, run, row)));
  }

  const table = h("table", {}, h("thead", {}, h("tr", {}, ...sorters)), body);
  const scroll = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of buffers" }, table);
  return section("buffers", "Buffers", MEANINGS.buffers, h("p", {}, h("label", {}, "Search ", search)), pager, scroll);
}

function tableRow(state: State, run: Run, row: number): HTMLElement {
  const { tag, client, bytes, created, destroyed, evictions, moved } = run.buffers;
  const end = at(destroyed, row);
  const figures = [
    sizeText(at(bytes, row)),
    timeText(run, at(created, row)),
    end === Infinity ? "–" : timeText(run, end),
    at(evictions, row).toLocaleString("en-US"),
    sizeText(at(moved, row)),
  ];
  const texts = [tag, client].map((column) => h("td", {}, run.texts[at(column, row)] ?? ""));
  const cells = figures.map((text) => h("td", { class: "figure" }, text));
  return h("tr", {}, h("td", {}, bufferButton(state, run, row)), ...texts, ...cells);
}
