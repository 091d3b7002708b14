/// <reference lib="dom" />
import { at } from "../at.ts";
import { sizeText, timeText, typeName } from "../look/names.ts";
import { type Flow, NONE, type Run } from "../run.ts";
import { h, section, tableOf } from "./dom.ts";
import { MEANINGS } from "./meanings.ts";
import { type Line, Plot } from "./plot.ts";
import type { State } from "./state.ts";
import { afterRest } from "./visible.ts";

type TimeText = (time: number) => string;

/** The name of a line: with that of its run if there are several. */
function lineName(runs: readonly Run[], run: Run, name: string): string {
  return runs.length === 1 ? name : `${run.name}: ${name}`;
}

/** The hue of a memory type of a run: each has its own as far as there are hues, and its run's dashes. */
function hueOf(runs: readonly Run[], which: number, name: string): number {
  const names = [...new Set(runs.flatMap(({ types }) => types.map(({ name }) => name)))];
  return which * names.length + names.indexOf(name);
}

/** Memory in use by type. */
export function memorySection(state: State, text: TimeText): HTMLElement {
  const { runs } = state.now;
  const plot = new Plot(state, "Memory in use by type", text, sizeText);
  queueMicrotask(() =>
    plot.show(runs.flatMap((run, which) =>
      run.used.values.flatMap((pages, type): Line[] => {
        if (pages.every((value) => value === 0)) return [];
        const name = typeName(run, type);
        const values = pages.map((value) => value * run.pageSize);
        return [{
          name: lineName(runs, run, name),
          times: run.used.times,
          values,
          hue: hueOf(runs, which, name),
          run: which,
        }];
      })
    ))
  );
  return section("memory", "Memory by type", MEANINGS.memory, plot.element);
}

/** Fragmentation of the memory types that have range managers. */
export function fragmentationSection(state: State, text: TimeText): HTMLElement {
  const { runs } = state.now;
  const plot = new Plot(state, "Fragmentation", text, (value) => `${(100 * value).toFixed(1)} %`);
  queueMicrotask(() =>
    plot.show(
      runs.flatMap((run, which) =>
        run.fragmentation.values.flatMap((values, type): Line[] => {
          if (values.every((value) => Number.isNaN(value))) return [];
          const name = typeName(run, type);
          const { times } = run.fragmentation;
          return [{ name: lineName(runs, run, name), times, values, hue: hueOf(runs, which, name), run: which }];
        })
      ),
      1,
    )
  );
  return section("fragmentation", "Fragmentation", MEANINGS.fragmentation, plot.element);
}

/** A flow in words. */
function flowName(run: Run, { from, to }: Flow): string {
  return `${from === NONE ? "new" : typeName(run, from)} → ${typeName(run, to)}`;
}

/** Moves between memory types: bytes a second over time, and sums of the part of time that is shown. */
export function flowSection(state: State, text: TimeText): HTMLElement {
  const { runs } = state.now;
  const unit = runs[0]?.time === "steps" ? "step" : "s";
  const perUnit = unit === "s" ? 1000 : 1;
  const plot = new Plot(state, `Bytes moved per ${unit}`, text, (value) => `${sizeText(value)}/${unit}`);
  const names = [...new Set(runs.flatMap((run) => run.flows.map((flow) => flowName(run, flow))))];
  queueMicrotask(() =>
    plot.show(
      runs.flatMap((run, which) =>
        run.flows.filter(({ bytes }) => bytes.some((value) => value > 0)).map((flow): Line => {
          const width = run.duration / flow.bytes.length;
          const times = flow.bytes.map((_, bin) => bin * width);
          const values = flow.bytes.map((bytes) => width === 0 ? 0 : bytes / width * perUnit);
          const name = flowName(run, flow);
          return {
            name: lineName(runs, run, name),
            times,
            values,
            hue: which * names.length + names.indexOf(name),
            run: which,
          };
        })
      ),
    )
  );
  const sums = h("div", {
    class: "scroll",
    tabindex: "0",
    role: "region",
    "aria-label": "Sums of the time that is shown",
  });
  const fill = afterRest(() => {
    const { from, until } = state.now;
    const rows = runs.flatMap((run) =>
      run.flows.map((flow) => {
        const [moves, bytes] = [sum(flow.moves, run.duration, from, until), sum(flow.bytes, run.duration, from, until)];
        const rate = `${sizeText(bytes / (until - from) * perUnit)}/${unit}`;
        return [lineName(runs, run, flowName(run, flow)), moves.toLocaleString("en-US"), sizeText(bytes), rate];
      })
    );
    const caption = `From ${text(from)} to ${text(until)}`;
    sums.replaceChildren(tableOf(caption, ["from → to", "moves", "bytes", `bytes per ${unit}`], rows));
  });
  state.listen(({ from, until }, last) => {
    if (from !== last?.from || until !== last.until) fill();
  });
  return section("flow", "Moves between memory types", MEANINGS.flow, plot.element, sums);
}

/** The sum of the bins that lie in a part of time, at least by half. */
function sum(bins: Float64Array, duration: number, from: number, until: number): number {
  const width = duration / bins.length;
  if (width === 0) return bins.reduce((sum, value) => sum + value, 0);
  let total = 0;
  const last = Math.min(bins.length, Math.max(Math.round(until / width), Math.floor(from / width) + 1));
  for (let bin = Math.round(from / width); bin < last; bin++) total += at(bins, bin);
  return total;
}

/** A moment in the unit of the first run. */
export function timeTextOf(runs: readonly Run[]): TimeText {
  const [first] = runs;
  return (time) => timeText(first ?? { time: "ms" }, time);
}
