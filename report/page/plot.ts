/// <reference lib="dom" />
import uPlot from "uplot";
import { FILLS, HUES } from "../look/palette.ts";
import { h } from "./dom.ts";
import type { State } from "./state.ts";
import { Visible } from "./visible.ts";

/** A line of a plot. */
export interface Line {
  readonly name: string;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** The number of its colour. */
  readonly hue: number;
  /** Lines of one run have the same dashes. */
  readonly run: number;
}

const HEIGHT = 220;
/** Room at both sides, in pixels: maps leave the same, so that a moment is at the same place in all of them. */
const [LEFT, RIGHT] = [90, 24];
/** Distances of the lines of a grid of bytes, and of shares. */
const INCREMENTS = [0.01, 0.05, 0.1, 0.25, ...Array.from({ length: 53 }, (_, power) => 2 ** power)];
const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3]];
const WHEEL_ZOOM = 1.2;
/** How far an arrow key goes, as a share of what is shown. */
const STEP = 0.1;

/** Lines over time that show the moment, and share their part of time with everything else on the page. */
export class Plot {
  /** What goes into the page. */
  readonly element: HTMLElement;
  readonly #state: State;
  readonly #valueText: (value: number) => string;
  readonly #timeText: (time: number) => string;
  readonly #label: string;
  #plot: uPlot | null = null;

  constructor(state: State, label: string, timeText: (time: number) => string, valueText: (value: number) => string) {
    this.#state = state;
    this.#label = label;
    this.#timeText = timeText;
    this.#valueText = valueText;
    this.element = h("div", { class: "plot", tabindex: "0", role: "group", "aria-label": `${label}; ${KEYS}` });
    addKeys(this.element, state);
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.element);
    const visible = new Visible(this.element, () => {
      const { from, until } = state.now;
      const { min, max } = this.#plot?.scales["x"] ?? {};
      if (from !== min || until !== max) this.#plot?.setScale("x", { min: from, max: until });
      else this.#plot?.redraw(false);
    });
    state.listen(({ from, until, t }, last) => {
      if (from !== last?.from || until !== last.until || t !== last.t) visible.draw();
    });
  }

  /** Shows other lines. */
  show(lines: readonly Line[], highest?: number): void {
    this.#plot?.destroy();
    const { from, until } = this.#state.now;
    const colour = (name: string) => () => getComputedStyle(document.documentElement).getPropertyValue(name);
    const axis = {
      stroke: colour("--text"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { stroke: colour("--line") },
    };
    const plot = new uPlot(
      {
        ...this.#size(),
        padding: [8, RIGHT, 0, 0],
        scales: {
          x: { time: false, auto: false, min: from, max: until },
          y: { range: (_plot, _min, max) => [0, highest ?? (max > 0 ? max * 1.05 : 1)] },
        },
        axes: [
          { ...axis, values: (_plot, splits) => splits.map((split) => this.#timeText(split)), space: 110 },
          {
            ...axis,
            values: (_plot, splits) => splits.map((split) => this.#valueText(split)),
            size: LEFT,
            incrs: INCREMENTS,
          },
        ],
        series: [
          { label: "time", value: (_plot, value) => value === null ? "" : this.#timeText(value) },
          ...lines.map((line) => ({
            label: line.name,
            stroke: FILLS[line.hue % HUES]?.css ?? "",
            width: 2,
            dash: DASHES[line.run % DASHES.length] ?? [],
            spanGaps: true,
            points: { show: false },
            paths: uPlot.paths.stepped?.({ align: 1 }) ?? (() => null),
            value: (_plot: uPlot, value: number | null) => value === null ? "" : this.#valueText(value),
          })),
        ],
        cursor: { sync: { key: "time" }, drag: { x: true, y: false, setScale: false } },
        hooks: { draw: [(plot) => this.#drawMoment(plot)], setSelect: [(plot) => this.#select(plot)] },
      },
      lines.length === 0 ? [[]] : uPlot.join(lines.map(({ times, values }) => [times, values] as never)),
      this.element,
    );
    this.#plot = plot;
    for (const canvas of this.element.querySelectorAll("canvas")) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", this.#label);
    }
    plot.over.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#state.zoom(event.deltaY > 0 ? WHEEL_ZOOM : 1 / WHEEL_ZOOM, plot.posToVal(event.offsetX, "x"));
    }, { passive: false });
    plot.over.addEventListener("click", (event) => this.#state.set({ t: plot.posToVal(event.offsetX, "x") }));
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(200, this.element.clientWidth), height: HEIGHT };
  }

  #select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    this.#state.set({ from: plot.posToVal(left, "x"), until: plot.posToVal(left + width, "x") });
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  #drawMoment({ ctx, bbox, valToPos }: uPlot): void {
    const x = valToPos(this.#state.now.t, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    ctx.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--moment");
    ctx.fillRect(Math.round(x) - 1, bbox.top, 2, bbox.height);
  }
}

/** What the keys of a plot or a map do. */
export const KEYS = "arrow left and right: earlier and later, plus and minus: closer and wider, 0: all";

/** Lets an element with the focus be moved through time by keys. */
export function addKeys(element: HTMLElement, state: State): void {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "ArrowLeft") state.pan(-STEP);
    else if (event.key === "ArrowRight") state.pan(STEP);
    else if (event.key === "+" || event.key === "=") state.zoom(1 / WHEEL_ZOOM);
    else if (event.key === "-") state.zoom(WHEEL_ZOOM);
    else if (event.key === "0") state.set({ from: 0, until: state.duration });
    else return;
    event.preventDefault();
  });
}
