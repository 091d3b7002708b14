/// <reference lib="dom" />
import { at } from "../at.ts";
import { bufferName, sizeText, timeText, typeName } from "../look/names.ts";
import { orderAt, orderOf } from "../look/order.ts";
import { rangedTypes } from "../look/ranged_types.ts";
import { evictionStory } from "../look/story.ts";
import { NONE, type Run } from "../run.ts";
import { button, h, section, tableOf } from "./dom.ts";
import { MEANINGS } from "./meanings.ts";
import type { State } from "./state.ts";
import { afterRest } from "./visible.ts";

/** How many buffers of an order are listed. */
const LISTED = 20;

/** The order of eviction at the moment, and the evictions around it. */
export function orderSection(state: State): HTMLElement {
  const policy = h("p");
  const orders = h("div", { class: "columns" });
  const evictions = h("div", { "aria-live": "polite" });
  const fill = afterRest(() => {
    const { t, run, runs } = state.now;
    const shown = runs[run];
    if (shown === undefined) return;
    evictions.replaceChildren(...aroundMoment(state, shown, t));
    policy.textContent = orderOf(shown);
    orders.replaceChildren(...rangedTypes(shown).map((type) => orderTable(state, shown, type, t)));
  });
  state.listen(({ t, run, runs }, last) => {
    if (t !== last?.t || run !== last.run || runs !== last.runs) fill();
  });
  return section("order", "Order of eviction at the moment", MEANINGS.order, evictions, policy, orders);
}

function orderTable(state: State, run: Run, type: number, t: number): HTMLElement {
  const { candidates, pinned } = orderAt(run, type, t);
  const rows = candidates.slice(0, LISTED).map(({ buffer, used, priority }, place) => [
    `${place + 1}`,
    bufferButton(state, run, buffer),
    sizeText(at(run.buffers.bytes, buffer)),
    `${priority}`,
    timeText(run, t - used),
  ]);
  const more = candidates.length > LISTED ? `, of which ${LISTED} are listed` : "";
  const caption = `${typeName(run, type)} at ${timeText(run, t)}: ${
    candidates.length.toLocaleString("en-US")
  } buffers${more}, ${pinned.length.toLocaleString("en-US")} pinned`;
  const label = `Order of eviction in ${typeName(run, type)}`;
  const table = tableOf(caption, ["", "buffer", "bytes", "priority", "unused for"], rows, 2);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table);
}

/** A button that shows a buffer. */
export function bufferButton(state: State, run: Run, buffer: number): HTMLElement {
  const name = bufferName(run, buffer);
  if (buffer === NONE) return h("span", {}, name);
  const made = h("button", { type: "button", class: "link" }, name);
  made.addEventListener("click", () => state.set({ buffer, run: state.now.runs.indexOf(run) }));
  return made;
}

/** The last eviction up to the moment and the next one, with buttons to go there. */
function aroundMoment(state: State, run: Run, t: number): HTMLElement[] {
  const { time, buffer } = run.evictions;
  if (time.length === 0) return [h("p", {}, "Nothing was evicted.")];
  const next = firstAfter(time, t);
  const tell = (eviction: number, when: string) => {
    const at_ = at(time, eviction);
    const go = button(timeText(run, at_), `Go to the ${when} eviction`, () => state.set({ t: at_ }));
    const who = bufferButton(state, run, at(buffer, eviction));
    return h(
      "p",
      {},
      `${when === "last" ? "Last" : "Next"} eviction, at `,
      go,
      ": ",
      who,
      ` was ${evictionStory(run, eviction)}.`,
    );
  };
  return [...(next > 0 ? [tell(next - 1, "last")] : []), ...(next < time.length ? [tell(next, "next")] : [])];
}

/** The first row whose time is later. */
export function firstAfter(times: Float64Array, t: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(times, middle) > t) high = middle;
    else low = middle + 1;
  }
  return low;
}
