/// <reference lib="dom" />
import { type Group, groupBuffers, type Grouping } from "../look/groups.ts";
import { AGE_FILLS, onStripe } from "../look/palette.ts";
import { rangedTypes } from "../look/ranged_types.ts";
import { colouring } from "./controls.ts";
import { h, section } from "./dom.ts";
import { AddressMap } from "./map.ts";
import { MEANINGS } from "./meanings.ts";
import type { State } from "./state.ts";

const SWATCH = 16;

/** The address maps of all range managers of all runs, under one legend. */
export function mapsSection(state: State, timeText: (time: number) => string): HTMLElement {
  const maps = state.now.runs.flatMap((run, which) =>
    rangedTypes(run).map((type) => new AddressMap(state, which, type))
  );
  const legend = h("ul", { class: "legend", "aria-label": "Colours of the maps" });
  let grouping: Grouping | undefined;
  const draw = () => {
    if (grouping === undefined) return;
    for (const map of maps) map.draw(grouping);
  };
  state.listen(({ by, runs, from, until }, last) => {
    if (by !== last?.by || runs !== last.runs) {
      grouping = groupBuffers(runs, by, ageNames(state.duration, timeText));
      legend.replaceChildren(...grouping.groups.filter(({ name }) => name !== "").map(legendEntry));
    } else if (from === last.from && until === last.until) return maps.forEach((map) => map.drawMoment());
    draw();
  });
  const shown = h("div", {}, ...maps.map(({ element }) => element));
  let width = 0;
  new ResizeObserver(() => {
    // The first call tells the width with which everything is drawn anyway.
    if (width !== 0 && width !== shown.clientWidth) draw();
    width = shown.clientWidth;
  }).observe(shown);
  const none = maps.length === 0 ? [h("p", {}, "No memory type has a range manager, or none was used.")] : [];
  return section("map", "Address map", MEANINGS.map, colouring(state), legend, shown, ...none);
}

function ageNames(duration: number, timeText: (time: number) => string): string[] {
  const last = AGE_FILLS.length - 1;
  return AGE_FILLS.map((_fill, age) => age === last ? `older` : `under ${timeText(duration / 2 ** (last - age))}`);
}

function legendEntry({ name, fill }: Group): HTMLElement {
  const swatch = h("canvas", { width: `${SWATCH}`, height: `${SWATCH}`, "aria-hidden": "true" });
  const context = swatch.getContext("2d") as CanvasRenderingContext2D;
  context.fillStyle = fill.css;
  context.fillRect(0, 0, SWATCH, SWATCH);
  context.fillStyle = "rgb(0 0 0 / 50%)";
  for (let y = 0; y < SWATCH; y++) {
    for (let x = 0; x < SWATCH; x++) if (onStripe(fill.stripes, x, y)) context.fillRect(x, y, 1, 1);
  }
  return h("li", {}, swatch, name);
}
