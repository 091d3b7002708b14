/// <reference lib="dom" />
import { at } from "../at.ts";
import { bufferName, sizeText, timeText, typeName } from "../look/names.ts";
import { cameStory, wentStory } from "../look/story.ts";
import { NONE, type Run } from "../run.ts";
import { button, h, section, tableOf } from "./dom.ts";
import { MEANINGS } from "./meanings.ts";
import type { State } from "./state.ts";
import { afterRest } from "./visible.ts";

/** How many stays are listed, the ones around the moment. */
const LISTED = 40;

/** Everything about the buffer that was chosen. */
export function selectedSection(state: State): HTMLElement {
  const content = h("div", { "aria-live": "polite" });
  const fill = afterRest(() => {
    const { buffer, run, runs } = state.now;
    const shown = runs[run];
    const known = shown !== undefined && buffer >= 0 && buffer < shown.buffers.id.length;
    const none = "No buffer is chosen: click a rectangle of the map, or a name in a table.";
    content.replaceChildren(...(known ? storyOf(state, shown, buffer) : [h("p", {}, none)]));
  });
  state.listen(({ buffer, run, runs, t }, last) => {
    if (buffer !== last?.buffer || run !== last.run || runs !== last.runs || t !== last.t) fill();
  });
  return section("selected", "The chosen buffer", MEANINGS.selected, content);
}

function storyOf(state: State, run: Run, buffer: number): HTMLElement[] {
  const { buffers, stays, texts } = run;
  const own: number[] = [];
  for (let stay = 0; stay < stays.buffer.length; stay++) if (stays.buffer[stay] === buffer) own.push(stay);
  const { t } = state.now;
  const now = own.findIndex((stay) => at(stays.from, stay) <= t && t < at(stays.until, stay));
  const first = Math.max(0, Math.min(own.length - LISTED, (now < 0 ? 0 : now) - LISTED / 2));
  const listed = own.slice(first, first + LISTED);
  const end = at(buffers.destroyed, buffer);
  const facts = [
    sizeText(at(buffers.bytes, buffer)),
    ...(["tag", "client"] as const).flatMap((column) => {
      const text = texts[at(buffers[column], buffer)] ?? "";
      return text === "" ? [] : [`${column} ${text}`];
    }),
    `created at ${timeText(run, at(buffers.created, buffer))}`,
    end === Infinity ? "there at the end" : `destroyed at ${timeText(run, end)}`,
    `evicted ${at(buffers.evictions, buffer).toLocaleString("en-US")} times`,
    `${sizeText(at(buffers.moved, buffer))} moved`,
    now < 0 ? "nowhere at the moment" : `in ${typeName(run, at(stays.type, own[now] ?? NONE))} at the moment`,
  ];
  const rows = listed.map((stay) => {
    const [from, until] = [at(stays.from, stay), at(stays.until, stay)];
    const go = (time: number, label: string) => button(timeText(run, time), label, () => state.set({ t: time }));
    const where = `${typeName(run, at(stays.type, stay))}, page ${at(stays.start, stay).toLocaleString("en-US")}`;
    return [
      where,
      go(from, "Go to when it came"),
      cameStory(run, stay),
      go(until, "Go to when it left"),
      wentStory(run, stay),
    ];
  });
  const caption = `${own.length.toLocaleString("en-US")} stays${
    listed.length < own.length ? `, of which ${listed.length} are listed` : ""
  }`;
  const table = tableOf(caption, ["where", "from", "it was", "until", "then it was"], rows, 5);
  if (now >= 0) table.tBodies[0]?.rows[now - first]?.setAttribute("aria-current", "true");
  return [
    h("h3", {}, bufferName(run, buffer)),
    h("p", {}, `${facts.join(", ")}.`),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Stays of the chosen buffer" }, table),
  ];
}
