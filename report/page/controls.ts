/// <reference lib="dom" />
import type { ColourBy } from "../look/groups.ts";
import { at } from "../at.ts";
import { button, choice, h } from "./dom.ts";
import { firstAfter } from "./moment.ts";
import type { State } from "./state.ts";

const RANGE_STEPS = 10_000;
const THEMES = [["", "as the system"], ["light", "light"], ["dark", "dark"]] as const;

/** The bar that stays in view: the moment, the part of time that is shown, the run, and light or dark. */
export function controls(state: State, timeText: (time: number) => string, redraw: () => void): HTMLElement {
  const scrubber = h("input", { type: "range", min: "0", max: `${RANGE_STEPS}`, step: "1", "aria-label": "Moment" });
  scrubber.addEventListener("input", () => state.set({ t: Number(scrubber.value) / RANGE_STEPS * state.duration }));
  const moment = h("output", { "aria-label": "The moment" });
  const chosen = state.now.runs.map(({ name }, run) => [`${run}`, name] as const);
  const run = choice("Run", chosen, (value) => state.set({ run: Number(value) }));
  const theme = choice("Theme", THEMES, (value) => {
    document.documentElement.dataset["theme"] = value;
    redraw();
  });
  theme.set(document.documentElement.dataset["theme"] ?? "");
  const toEviction = (step: -1 | 1) => {
    const { runs, run, t } = state.now;
    const times = runs[run]?.evictions.time ?? new Float64Array();
    const next = step === 1 ? firstAfter(times, t) : lastBefore(times, t);
    if (next >= 0 && next < times.length) state.set({ t: at(times, next) });
  };
  state.listen(({ t, run: which, from, until }) => {
    scrubber.value = `${Math.round(t / state.duration * RANGE_STEPS)}`;
    scrubber.setAttribute("aria-valuetext", timeText(t));
    moment.textContent = timeText(t);
    run.set(`${which}`);
    document.body.dataset["shown"] = `${from} ${until}`;
  });
  return h(
    "nav",
    { "aria-label": "Time" },
    scrubber,
    moment,
    button("◀ eviction", "To the eviction before", () => toEviction(-1)),
    button("eviction ▶", "To the next eviction", () => toEviction(1)),
    button("−", "Show more time", () => state.zoom(1.5)),
    button("+", "Show less time", () => state.zoom(1 / 1.5)),
    button("All", "Show all of the time", () => state.set({ from: 0, until: state.duration })),
    ...(chosen.length > 1 ? [run.element] : []),
    theme.element,
  );
}

function lastBefore(times: Float64Array, t: number): number {
  let row = firstAfter(times, t) - 1;
  while (row >= 0 && at(times, row) >= t) row--;
  return row;
}

/** Chooses what rectangles are coloured by. */
export function colouring(state: State): HTMLElement {
  const options = [["tag", "tag"], ["client", "client"], ["age", "age"], ["buffer", "buffer"]] as const;
  const { element, set } = choice("Colours by", options, (value) => state.set({ by: value as ColourBy }));
  state.listen(({ by }) => set(by));
  return element;
}
