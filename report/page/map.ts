/// <reference lib="dom" />
import { at } from "../at.ts";
import { AddressRange } from "../look/address_range.ts";
import type { Grouping } from "../look/groups.ts";
import { bufferName, sizeText, timeText } from "../look/names.ts";
import { present, stayAt } from "../look/present.ts";
import { MapPicture } from "../look/map_picture.ts";
import type { Scene } from "../look/raster.ts";
import { indexStays, type StayIndex } from "../look/stay_index.ts";
import { stayStory } from "../look/story.ts";
import type { Run } from "../run.ts";
import { h } from "./dom.ts";
import { addKeys, KEYS } from "./plot.ts";
import type { State } from "./state.ts";
import { Visible } from "./visible.ts";

const HEIGHT = 280;
const WHEEL_ZOOM = 1.2;
/** How far an arrow key goes, as a share of the addresses that are shown. */
const STEP = 0.1;
const ADDRESS_KEYS = "with Alt, arrow up and down: higher and lower addresses, plus and minus: fewer and more, 0: all";
/** How far the pointer may move between press and release of a click, in pixels. */
const CLICK = 4;

/** What was where in one memory type of one run: time from left to right, addresses from bottom to top. */
export class AddressMap {
  /** What goes into the page. */
  readonly element: HTMLElement;
  readonly #canvas: HTMLCanvasElement = h("canvas", { role: "img" });
  readonly #moment: HTMLElement = h("div", { class: "moment" });
  readonly #tip: HTMLElement = h("div", { class: "tip", hidden: true });
  readonly #state: State;
  readonly #run: Run;
  readonly #which: number;
  readonly #type: number;
  readonly #addresses: AddressRange;
  readonly #index: StayIndex;
  readonly #visible: Visible;
  #image: ImageData | null = null;
  #picture: MapPicture | null = null;
  #scene: Scene | null = null;

  constructor(state: State, which: number, type: number) {
    this.#state = state;
    this.#which = which;
    this.#run = state.now.runs[which] as Run;
    this.#type = type;
    this.#index = indexStays(this.#run, type);
    // Without a known size it ends behind the highest page that was used.
    const pages = Math.max(1, this.#run.types[type]?.pages ?? this.#index.high.reduce((a, b) => Math.max(a, b), 0));
    this.#addresses = new AddressRange(pages);
    const { name, manager } = this.#run.types[type] as Run["types"][number];
    const title = `${this.#run.name}: ${name}, ${sizeText(pages * this.#run.pageSize)}, ${manager}`;
    this.#canvas.setAttribute("aria-label", `Address map of ${title}`);
    const keys = `${KEYS}; arrow up and down: next buffer by address at the moment; ${ADDRESS_KEYS}`;
    const area = h("div", {
      class: "map",
      tabindex: "0",
      role: "group",
      "aria-label": `Address map of ${title}; ${keys}`,
    });
    area.append(this.#canvas, this.#moment, this.#tip);
    this.#visible = new Visible(area, () => this.#draw());
    this.element = h("figure", {}, h("figcaption", {}, title), area);
    addKeys(area, state);
    area.addEventListener("keydown", (event) => event.altKey ? this.#moveAddresses(event) : this.#step(event));
    this.#addPointer(area);
  }

  /** Draws it anew, with these colours. */
  draw(grouping: Grouping): void {
    const [run, index, which] = [this.#run, this.#index, this.#which];
    if (grouping !== this.#scene?.by) this.#scene = { run, index, which, by: grouping };
    this.#visible.draw();
    this.drawMoment();
  }

  #draw(): void {
    const width = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    // While the page is laid out anew, as for printing, it may have no width for a moment.
    if (this.#scene === null || width === 0) return;
    const height = Math.round(HEIGHT * devicePixelRatio);
    if (this.#image?.width !== width || this.#image.height !== height) {
      Object.assign(this.#canvas, { width, height });
      this.#image = new ImageData(width, height);
      this.#picture = new MapPicture(new Uint32Array(this.#image.data.buffer), width);
    }
    const { from, until } = this.#state.now;
    const { low, high } = this.#addresses;
    this.#picture?.draw({ from, until, low, high }, this.#scene);
    this.#canvas.getContext("2d")?.putImageData(this.#image, 0, 0);
  }

  /** Moves the line of the moment. */
  drawMoment(): void {
    const { from, until, t } = this.#state.now;
    const share = (t - from) / (until - from);
    this.#moment.hidden = share < 0 || share > 1;
    this.#moment.style.left = `${100 * share}%`;
  }

  #timeAt(x: number): number {
    const { from, until } = this.#state.now;
    return from + (until - from) * x / Math.max(1, this.#canvas.clientWidth);
  }

  #pageAt(y: number): number {
    return this.#addresses.at(1 - y / HEIGHT);
  }

  #stayUnder({ offsetX, offsetY }: MouseEvent): number | undefined {
    return stayAt(this.#run, this.#type, this.#timeAt(offsetX), this.#pageAt(offsetY));
  }

  #addPointer(area: HTMLElement): void {
    let pressed: { readonly x: number; readonly from: number; readonly until: number } | null = null;
    this.#canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const factor = event.deltaY > 0 ? WHEEL_ZOOM : 1 / WHEEL_ZOOM;
      if (!event.altKey) return this.#state.zoom(factor, this.#timeAt(event.offsetX));
      this.#addresses.zoom(factor, this.#pageAt(event.offsetY));
      this.#visible.draw();
    }, { passive: false });
    this.#canvas.addEventListener("pointerdown", (event) => {
      const { from, until } = this.#state.now;
      pressed = { x: event.offsetX, from, until };
      this.#canvas.setPointerCapture(event.pointerId);
      area.focus();
    });
    this.#canvas.addEventListener("pointermove", (event) => {
      if (pressed !== null && Math.abs(event.offsetX - pressed.x) > CLICK) {
        const shift = (event.offsetX - pressed.x) * (pressed.until - pressed.from) / this.#canvas.clientWidth;
        this.#state.set({ from: pressed.from - shift, until: pressed.until - shift });
        this.#tip.hidden = true;
      } else this.#hover(event);
    });
    this.#canvas.addEventListener("pointerup", (event) => {
      const clicked = pressed !== null && Math.abs(event.offsetX - pressed.x) <= CLICK;
      pressed = null;
      if (!clicked) return;
      const stay = this.#stayUnder(event);
      const buffer = stay === undefined ? {} : { buffer: at(this.#run.stays.buffer, stay) };
      this.#state.set({ t: this.#timeAt(event.offsetX), run: this.#which, ...buffer });
    });
    this.#canvas.addEventListener("pointerleave", () => this.#tip.hidden = true);
  }

  #hover(event: PointerEvent): void {
    const stay = this.#stayUnder(event);
    this.#tip.hidden = stay === undefined;
    if (stay === undefined) return;
    const buffer = at(this.#run.stays.buffer, stay);
    const age = this.#timeAt(event.offsetX) - at(this.#run.buffers.created, buffer);
    const lines = [`${timeText(this.#run, age)} old`, ...stayStory(this.#run, stay)];
    this.#tip.replaceChildren(h("b", {}, bufferName(this.#run, buffer)), ...lines.map((line) => h("div", {}, line)));
    const right = event.offsetX > this.#canvas.clientWidth / 2;
    this.#tip.style.left = right ? "auto" : `${event.offsetX + 14}px`;
    this.#tip.style.right = right ? `${this.#canvas.clientWidth - event.offsetX + 14}px` : "auto";
    this.#tip.style.top = `${Math.min(event.offsetY, HEIGHT - 90)}px`;
  }

  #moveAddresses(event: KeyboardEvent): void {
    const addresses = this.#addresses;
    if (event.key === "ArrowUp") addresses.pan(STEP);
    else if (event.key === "ArrowDown") addresses.pan(-STEP);
    else if (event.key === "+" || event.key === "=") addresses.zoom(1 / WHEEL_ZOOM, addresses.at(0.5));
    else if (event.key === "-") addresses.zoom(WHEEL_ZOOM, addresses.at(0.5));
    else if (event.key === "0") addresses.showAll();
    else return;
    event.preventDefault();
    this.#visible.draw();
  }

  #step(event: KeyboardEvent): void {
    const step = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const { t, buffer } = this.#state.now;
    const { stays } = this.#run;
    const here = present(this.#run, this.#type, t).sort((a, b) => at(stays.start, a) - at(stays.start, b));
    const place = here.findIndex((stay) => at(stays.buffer, stay) === buffer);
    const next = here[place < 0 ? (step > 0 ? 0 : here.length - 1) : place + step];
    if (next !== undefined) this.#state.set({ run: this.#which, buffer: at(stays.buffer, next) });
  }
}
