/// <reference lib="dom" />
/**
 * A model of four times its budget in a page, with a map of VRAM. `?steps=2` in the address ends it after two steps.
 *
 * @module
 */
import type { BoDevice, DumpedPlace } from "@ttm/core";
import type { WebGpu } from "@ttm/webgpu";
import { NoGpu, openGpu } from "../layers/gpu.ts";
import { compute, errorOf, makeInput, makeModel, weightBytes } from "../layers/model.ts";
import { withTtm } from "../layers/with_ttm.ts";
import { VramMap } from "./vram_map.ts";

const MiB = 2 ** 20;
const model = makeModel();
const budget = weightBytes(model) / 4 + MiB;
const steps = Number(new URLSearchParams(location.search).get("steps") ?? Infinity);

const colors = new Map(model.matrices.map(({ name }, i) => {
  return [name, `hsl(${Math.round(360 * i / model.matrices.length)} 70% ${i % 2 === 0 ? 45 : 60}%)`];
}));
const colorOf = (place: DumpedPlace) => colors.get(place.owner.label ?? "") ?? "#222";

function element<Kind extends HTMLElement>(selector: string): Kind {
  return document.querySelector(selector) as Kind;
}

const tiles = new Map(Array.from(colors, ([name, color]) => {
  const tile = document.createElement("div");
  tile.textContent = name.replace("block ", "");
  tile.style.borderColor = color;
  element("#matrices").append(tile);
  return [name, tile];
}));
const map = new VramMap(element("canvas"), budget);

/** Shows where everything is now, and lets the page draw it. */
async function watch(device: BoDevice, { stats }: WebGpu<GPUDevice>): Promise<void> {
  const vram = device.dump().memoryTypes.find(({ name }) => name === "vram");
  const places = vram?.places ?? [];
  map.draw(places, colorOf);
  const present = new Set(places.map(({ owner }) => owner.label));
  for (const [name, { style }] of tiles) {
    [style.background, style.color] = present.has(name) ? [colors.get(name) ?? "", "white"] : ["none", "inherit"];
  }
  document.body.dataset.highestBytes = `${stats.highestBytes}`;
  await new Promise((resolve) => requestAnimationFrame(resolve));
}

async function run(): Promise<void> {
  const { gpu, name } = await openGpu("built-in");
  const input = makeInput(model);
  const expected = compute(model, input);
  const [weights, most] = [weightBytes(model), budget].map((bytes) => `${bytes / MiB} MiB`);
  element("#about").append(` ${weights} of weights pass through ${most} of VRAM on ${name}.`);
  const step = await withTtm(gpu, budget, model, { watch });
  for (let count = 1; count <= steps; count++) {
    const error = errorOf(await step(input), expected);
    const held = (Number(document.body.dataset.highestBytes) / MiB).toFixed(1);
    element("#figures").textContent = `Step ${count}: the result differs from that of float64 by ${
      error.toExponential(1)
    }; at most ${held} MiB were held at a time.`;
    document.body.dataset.error = `${error}`;
  }
  document.body.dataset.state = "done";
}

document.body.dataset.budget = `${budget}`;
run().catch((error: Error) => {
  document.body.dataset.state = "failed";
  element("#about").textContent = error instanceof NoGpu ? NO_GPU : `This does not work: ${error.message}`;
  if (!(error instanceof NoGpu)) throw error;
});

const NO_GPU = "This browser has no adapter for WebGPU. Chromium renders in software with the flags " +
  "--enable-unsafe-webgpu --use-webgpu-adapter=swiftshader.";
