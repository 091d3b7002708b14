/// <reference lib="dom" />
import { type Packed, unpack } from "../pack.ts";
import type { Run } from "../run.ts";
import { buffersSection } from "./buffers.ts";
import { flowSection, fragmentationSection, memorySection, timeTextOf } from "./charts.ts";
import { controls } from "./controls.ts";
import { h } from "./dom.ts";
import { dropZone } from "./drop.ts";
import { mapsSection } from "./maps.ts";
import { orderSection } from "./moment.ts";
import { failuresSection, overviewSection } from "./overview.ts";
import { selectedSection } from "./selected.ts";
import { State } from "./state.ts";
import { serve } from "./worker.ts";

function startPage(): void {
  const state = new State();
  const drop = dropZone((more) => show([...state.now.runs, ...more]));

  /** Shows runs, in place of what is there. */
  function show(runs: readonly Run[]): void {
    state.show(runs);
    const text = timeTextOf(runs);
    const names = runs.map(({ name }) => name).join(", ");
    const sections = runs.length === 0 ? [] : [
      controls(state, text, () => show(runs)),
      overviewSection(runs),
      memorySection(state, text),
      mapsSection(state, text),
      selectedSection(state),
      orderSection(state),
      flowSection(state, text),
      fragmentationSection(state, text),
      failuresSection(state),
      buffersSection(state),
    ];
    document.title = `${names || "Recordings"} – @ttm/report`;
    document.body.replaceChildren(h("main", {}, h("h1", {}, names || "What was in GPU memory"), ...sections, drop));
    document.body.dataset["runs"] = `${runs.length}`;
  }

  const packed: Packed | null = JSON.parse(document.querySelector("script#data")?.textContent ?? "null");
  if (packed === null) show([]);
  else unpack(packed).then((runs) => show(runs as Run[]));
}

// The worker that reads files runs this same script.
if (typeof document === "undefined") serve();
else startPage();
